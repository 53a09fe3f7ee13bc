package integration

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// yamlOf returns the configuration that follows a heading of a document.
func yamlOf(t *testing.T, document, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + document)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	_, section, _ = strings.Cut(section, "```yaml\n")
	yaml, _, _ := strings.Cut(section, "```\n")
	if !found || yaml == "" {
		t.Fatalf("%s has no configuration below %q", document, heading)
	}
	return yaml
}

// TestMeterWithProfile reads an SDM630, which pymodbus plays from its register table, with the configurations of the documentation: two devices, of
// which one changes what the profile says. The adapter is pulled out, and when it is back the meter has counted on.
func TestMeterWithProfile(t *testing.T) {
	t.Parallel()
	plug := &adapter{t: t, dir: t.TempDir()}
	plug.start()
	meter := startSlaves(t, "sdm630.py", plug.dir+"/theirs")
	plug.plugIn()
	broker, dir := startMosquitto(t), t.TempDir()
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/house/#")
	changed := strings.ReplaceAll("\n"+yamlOf(t, "profiles.md", "## To change what a profile says"), "\n", "\n    ")
	house := "gateway: {name: house}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\n" +
		strings.Replace(yamlOf(t, "cookbook.md", "## A meter of which there is a profile"), "/dev/ttyUSB0", plug.port(), 1) +
		"  - name: second\n    type: modbus" + changed + "\n"
	// After a long outage nobody waits for the whole back-off.
	config := write(t, dir, "house.yaml", strings.ReplaceAll(house, "    type: modbus\n", "    type: modbus\n    retry: {max: 2s}\n"))
	if said, err := command(t, dir, "check", "--config", config); err != nil || !strings.Contains(said, "% of 9600 bit/s") {
		t.Errorf("check: %v: %s", err, said)
	}
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)

	const phases = `"voltage_l1":230.1,"voltage_l2":231.5,"voltage_l3":229.75,"current_l1":1.25,"current_l2":0.5,"current_l3":4,` +
		`"power_l1":251.5,"power_l2":98.25,"power_l3":880,"power_factor_l1":0.875,"power_factor_l2":0.849,"power_factor_l3":0.957,`
	values := func(device, payload string) message {
		return message{topic: "home/$gateway/house/" + device + "/values", payload: "{" + payload + "}", qos: 1}
	}
	said := func(at, payload string) message {
		return message{topic: "home/" + at + "/house/S", payload: payload, qos: 1}
	}
	first := func(power, imported string) string {
		return phases + `"power":` + power + `,"apparent_power":1322.5,"reactive_power":-53,"frequency":49.98,"import":` + imported + `,"export":3.14`
	}
	second := strings.Replace(first("1229.75", "10432.7"), `"voltage_l2":231.5,`, "", 1) // which is hidden
	second = regexp.MustCompile(`"(\w+)":`).ReplaceAllString(second, `"cellar_$1":`) + `,"neutral":3.2`
	u.await("the meter is read", values("meter", first("1229.75", "10432.7")), said("///meter", `{"action":"STATE",`+first("1229.75", "10432.7")+`}`),
		values("second", second), said("Energy///second", `{"action":"STATE","cellar_power":1229.75}`))
	u.say(message{topic: "home////meter/me/C", payload: "GET", qos: 1})
	u.await("it is asked", said("///meter", `{"action":"GET","response":"OK"}`))

	plug.pullOut()
	meter.kill()
	began := time.Now()
	for offline := false; !offline; {
		u.say(message{topic: "home////meter/me/C", payload: "GET", qos: 1})
		m, ok := u.hear(patience)
		if !ok {
			t.Fatal("a command to a meter that is away is not answered")
		}
		offline = m.topic == "home////meter/house/S" && strings.Contains(m.payload, "device offline")
	}
	time.Sleep(time.Until(began.Add(*equipmentAway))) // how long the meter is away is what the test is about
	meter.args = append(meter.args, "34=1500.5", "48=10433.25")
	plug.start()
	meter.start()
	plug.plugIn()
	u.await("it is back, and has counted on", values("meter", first("1500.5", "10433.25")))
	for _, text := range []string{`level=WARN msg="line down, and so are the devices on it" line=cellar`, `msg="line up again" line=cellar`} {
		gateway.says(text)
		if lines := gateway.saidSince(0, text); len(lines) != 1 {
			t.Errorf("pulled out once, and the log says\n  %s", strings.Join(lines, "\n  "))
		}
	}
	if lines := gateway.saidSince(0, "level=WARN"); len(lines) > 3 { // the sums of the line's failures besides
		t.Errorf("the log warns of\n  %s", strings.Join(lines, "\n  "))
	}
	gateway.stop()
}
