package integration

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestReadme does what README and docs/migration.md say, with each of their blocks as it stands. Blocks that belong
// together are used together.
func TestReadme(t *testing.T) {
	t.Parallel()
	r, migration := readDocument(t, "../README.md"), readDocument(t, "../docs/migration.md")
	tests := map[string]func(*testing.T){}
	{
		install, clone := r.take(t, "console", "$ go install "), r.take(t, "console", "$ go run ")
		tests["how to get it"] = func(t *testing.T) {
			shell(t, t.TempDir(), install)
			shell(t, t.TempDir(), clone)
		}
		tryOut, log, heard := r.take(t, "", "No configuration: "), r.take(t, "", "21:42:28.619 INF "), r.take(t, "", "testmqttgtw/$gateway/")
		tests["what one sees"] = func(t *testing.T) { seeTryOut(t, tryOut, log, heard) }
		outage := r.take(t, "", "22:10:04.113 WRN ")
		tests["the plug of the broker"] = func(t *testing.T) { seeOutage(t, outage) }
		form := r.take(t, "", "topic ")
		tests["messages"] = func(t *testing.T) { explainForm(t, form) }
		acl, ask := r.take(t, "", "user kitchen\n"), r.take(t, "console", "$ mosquitto_rr ")
		tests["orders over MQTT"] = func(t *testing.T) { orderByACL(t, acl, ask) }
		homeAssistant, mapFile := r.take(t, "yaml", "availability_mode: "), r.take(t, "json", "{")
		begin, kitchen, check := r.take(t, "console", "$ gateway config"), r.take(t, "yaml", "gateway: "), r.take(t, "console", "$ gateway check ")
		tests["configuration to begin with"] = func(t *testing.T) { shell(t, t.TempDir(), begin) }
		tests["map and configuration"] = func(t *testing.T) { runKitchen(t, kitchen, mapFile, check, homeAssistant) }
		equipment, boiler := r.take(t, "yaml", "devices:\n  - name: entry "), r.take(t, "yaml", "http: {listen: ")
		tests["real equipment"] = func(t *testing.T) { checkEquipment(t, equipment, "receiver", "power", "volume", "input") }
		tests["a web server"] = func(t *testing.T) { checkEquipment(t, boiler, "boiler", "relay", "power", "energy", "button") }
		slaves := r.take(t, "yaml", "lines:")
		tests["slaves on lines"] = func(t *testing.T) { checkEquipment(t, slaves, "heatpump", "setpoint", "lift") }
		thermometer := r.take(t, "sh", "#!/bin/sh")
		tests["a program"] = func(t *testing.T) { runThermometer(t, thermometer) }
		simulated := r.take(t, "yaml", "devices:\n  - name: greenhouse")
		tests["simulated equipment"] = func(t *testing.T) { runSimulation(t, simulated) }
		users := r.take(t, "yaml", "mqtt: {broker: embedded}")
		tests["the broker's users"] = func(t *testing.T) { runUsers(t, users) }
		watched, asking := r.take(t, "yaml", "http: {listen: "), r.take(t, "", "curl -u me ")
		tests["watching it"] = func(t *testing.T) { askByCurl(t, watched, asking) }
		device := r.take(t, "go", "package lamp")
		tests["a device"] = func(t *testing.T) { runLamp(t, device) }
		evening := r.take(t, "console", "$ mkdir lamp")
		tests["a device in an evening"] = func(t *testing.T) {
			s := newSession(t)
			s.types(evening.text())
			s.gateway.says(`msg="device online" device=lamp`)
			s.gateway.stop()
			s.gateway.saysOnly()
		}
		const run = "$ gateway run --config dummy2mqtt.conf"
		original, migrate := r.take(t, "console", run), migration.take(t, "console", run)
		tests["the original's files"] = func(t *testing.T) { runOriginals(t, original) }
		tests["migration"] = func(t *testing.T) { runOriginals(t, migrate) }
		tree := r.take(t, "", "supervisor ")
		tests["the actors"] = func(t *testing.T) { compareTree(t, tree) }
	}
	for _, b := range slices.Concat(r.blocks, migration.blocks) {
		if !b.taken {
			t.Errorf("no test runs this block:\n%s", b.text())
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

var (
	// logLine matches a line of the log on a terminal: its level, its message, and its attributes.
	logLine = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} (DBG|INF|WRN|ERR) (.*?)( [a-z_.]+=.*)?$`)
	levels  = map[string]string{"DBG": "DEBUG", "INF": "INFO", "WRN": "WARN", "ERR": "ERROR"}
	// measured matches the attributes whose values differ from run to run.
	measured = regexp.MustCompile(`\b(took|retry|down|in|more|more_failures|queued)=\S+`)
)

// explainForm explains each form of a message.
func explainForm(t *testing.T, form *block) {
	topic := strings.Replace(strings.Fields(form.lines[0])[1], "/type", "/C", 1)
	payloads := regexp.MustCompile(` {2,}or {2,}`).Split(strings.TrimSpace(strings.TrimPrefix(form.lines[1], "payload")), -1)
	for i, want := range []string{"light_on", `dim {"level":42}`} {
		cmd := exec.Command(filepath.Join(programs, "gateway"), "explain", "--mapping.root", "root", "--mapping.topics", "root/#", topic, payloads[i])
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if want = "message  C function/gateway/location/device from sender: " + want + "\n"; err != nil || !strings.Contains(string(out), want) {
			t.Errorf("explain %s %s: %v, lacks %q:\n%s", topic, payloads[i], err, want, out)
		}
	}
}

// runKitchen runs the map and the configuration together, and checks what Home Assistant would see.
func runKitchen(t *testing.T, kitchen, mapFile, check, homeAssistant *block) {
	dir := t.TempDir()
	path := write(t, dir, "kitchen.yaml", kitchen.text())
	write(t, dir, "kitchen_map.json", mapFile.text())
	if said := shell(t, dir, check); !strings.Contains(said, "kitchen.yaml is good\n") || !regexp.MustCompile(`lamp +yes`).MatchString(said) {
		t.Errorf("check and explain say\n%s", said)
	}
	broker := startMosquitto(t)
	gateway := start(t, dir, "gateway", "run", "--config", path, "--mqtt.broker", "tcp://"+broker.address)
	gateway.says("msg=subscribed")
	join(t, broker.address, "#").ask(patience,
		message{topic: "home/lighting//kitchen//me/C", payload: "light_off"},
		message{topic: "home/lighting//kitchen//kitchen/S", payload: "light_off"})
	var entity struct {
		Availability []struct {
			Topic    string
			Template string `yaml:"value_template"`
		}
	}
	if err := yaml.Unmarshal([]byte(homeAssistant.text()), &entity); err != nil {
		t.Fatal(err)
	}
	for _, a := range entity.Availability {
		if a.Template != "" && a.Template != "{{ value.split(':')[0] }}" {
			t.Errorf("the template of %s is %s", a.Topic, a.Template)
		}
		if m, ok := join(t, broker.address, a.Topic).hearAny(patience); !ok || m.payload != "online" || !m.retained {
			t.Errorf("who subscribes to %s finds %v", a.Topic, m)
		}
	}
	gateway.stop()
	gateway.saysOnly()
}

// askByCurl runs a gateway with a web server, and each of the requests.
func askByCurl(t *testing.T, watched, asking *block) {
	const here = "192.168.1.5:8080"
	dir := t.TempDir()
	write(t, dir, "users", "me:correct-horse\n")
	path := write(t, dir, "house.yaml", strings.Replace(watched.text(), here, "127.0.0.1:0", 1)+`
mqtt: {broker: embedded}
embedded: {address: "127.0.0.1:0"}
mapping: {root: home, topics: [home/+/+/+/+/+/C]}
devices: [{name: boiler, type: dummy, params: {port: none}}]
`)
	gateway := start(t, dir, "gateway", "run", "--config", path)
	_, server, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	gateway.says("msg=connected")
	says := []string{`"name":"boiler","state":"online"`, `"response":"REJECTED"`, "event: snapshot", `"boiler":"debug"`}
	if len(asking.lines) != len(says) {
		t.Fatalf("%d requests, and %d answers are known", len(asking.lines), len(says))
	}
	for i, line := range asking.lines {
		line = strings.NewReplacer("http://"+here, server, "-u me ", "-s --max-time 2 -u me:correct-horse ").Replace(line)
		if out, _ := exec.Command("sh", "-c", line).CombinedOutput(); !strings.Contains(string(out), says[i]) { // the events have no end
			t.Errorf("%s\nsays %s, want %s", line, out, says[i])
		}
	}
}

// runUsers runs the embedded broker with its users, on a free address.
func runUsers(t *testing.T, users *block) {
	dir := t.TempDir()
	path := write(t, dir, "users.yaml", users.text())
	write(t, dir, "users", "me:correct-horse\n")
	gateway := startProgram(t, dir, filepath.Join(programs, "gateway"), []string{"MQTTGATEWAY_EMBEDDED_ADDRESS=127.0.0.1:0"}, "run", "--config", path)
	_, port, _ := net.SplitHostPort(gateway.broker())
	publish := func(password string) error {
		return exec.Command("mosquitto_pub", "-p", port, "-u", "me", "-P", password, "-t", "t", "-m", "m").Run()
	}
	if right, wrong := publish("correct-horse"), publish("wrong"); right != nil || wrong == nil {
		t.Errorf("with the right password: %v, with a wrong one: %v", right, wrong)
	}
	gateway.stop()
}

// runSimulation runs simulated equipment, and sets it. It must not fail just now, as it does by the clock.
func runSimulation(t *testing.T, equipment *block) {
	broker, dir := startMosquitto(t), t.TempDir()
	config := write(t, dir, "house.yaml", "gateway: {name: gw}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\n"+strings.Replace(equipment.text(), "every: 15m", "every: 8760h", 1))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	u := join(t, broker.address, "home/$gateway/gw/greenhouse/answer")
	u.say(message{topic: "home/$gateway/gw/greenhouse/set/target", payload: "20.5"})
	u.await("the target is set", message{topic: "home/$gateway/gw/greenhouse/answer", payload: `{"entity":"target","response":"OK"}`})
	gateway.stop()
	gateway.saysOnly()
}

// checkEquipment checks the devices that README describes, and that one of them has some entities. Tests of their types run them.
func checkEquipment(t *testing.T, equipment *block, device string, entities ...string) {
	dir := t.TempDir()
	write(t, dir, "users", "me:correct-horse\n")
	write(t, dir, "house.yaml", "mapping: {root: home, topics: [home/+/+/+/+/+/C]}\n"+equipment.text())
	for _, file := range []string{"shelly.pw", "boiler.hook"} {
		write(t, dir, file, "correct-horse-battery\n")
	}
	if said := shell(t, dir, &block{lines: []string{"$ gateway check --config house.yaml"}}); !strings.Contains(said, "is good") {
		t.Errorf("check says %s", said)
	}
	said := shell(t, dir, &block{lines: []string{"$ gateway devices " + device + " --config house.yaml"}})
	for _, id := range entities {
		if !strings.Contains(said, id) {
			t.Errorf("%s has no %s: %s", device, id, said)
		}
	}
}

// runThermometer runs the program that README describes with a sensor that is a file.
func runThermometer(t *testing.T, program *block) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "28-5"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "28-5/w1_slave", "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=21500\n")
	path := write(t, dir, "w1", strings.ReplaceAll(program.text(), "/sys/bus/w1/devices/", dir+"/"))
	config := write(t, dir, "house.yaml", fmt.Sprintf(`
gateway: {name: gw}
mqtt: {broker: embedded, qos: 1}
mapping: {root: home, topics: [home/+/+/+/+/+/C]}
devices: [{name: attic, type: exec, params: {run: [sh, %s, 28-5]}}]
`, path))
	gateway := startProgram(t, dir, filepath.Join(programs, "gateway"), []string{"MQTTGATEWAY_EMBEDDED_ADDRESS=127.0.0.1:0"}, "run", "--config", config)
	u := join(t, gateway.broker(), "home/$gateway/gw/attic/values")
	u.awaitKept("the temperature is read", message{topic: "home/$gateway/gw/attic/values", payload: `{"temperature":21.5}`, qos: 1})
	gateway.stop()
}

// runLamp builds the program that README describes, beside the files of this repository, and switches its lamp on.
func runLamp(t *testing.T, device *block) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	main, err := os.ReadFile("../cmd/gateway/main.go")
	if err != nil {
		t.Fatal(err)
	}
	imports, err := os.ReadFile("../cmd/gateway/devices.go")
	if err != nil {
		t.Fatal(err)
	}
	const at = "github.com/mqttgateway/mqttgateway/devices/"
	overlay := fmt.Sprintf(`{"Replace": {%q: %q, %q: %q, %q: %q}}`,
		filepath.Join(root, "devices/lamp/lamp.go"), write(t, dir, "lamp.go", device.text()),
		filepath.Join(root, "cmd/lamp/main.go"), write(t, dir, "main.go", string(main)),
		filepath.Join(root, "cmd/lamp/devices.go"), write(t, dir, "devices.go", strings.Replace(string(imports), at+"dummy", at+"lamp", 1)))
	program := filepath.Join(dir, "lamp")
	args := []string{"build", "-overlay", write(t, dir, "overlay.json", overlay), "-o", program}
	if raced() {
		args = append(args, "-race") // all but two packages are built already
	}
	inRepository(t, "go", append(args, "./cmd/lamp")...)

	lamp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lamp.Close()
	lit := make(chan string, 1)
	go func() {
		defer close(lit)
		conn, err := lamp.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			lit <- lines.Text()
		}
	}()
	config := write(t, dir, "house.yaml", "mqtt: {broker: embedded}\nembedded: {address: '127.0.0.1:0'}\nmapping: {root: home, topics: ['home/#']}\n"+
		"devices: [{name: lamp, type: lamp, params: {address: '"+lamp.Addr().String()+"', level: 40}}]\n")
	gateway := startProgram(t, dir, program, nil, "run", "--config", config)
	address := gateway.broker()
	gateway.says("msg=subscribed")
	user := join(t, address, "#")
	user.ask(patience, message{topic: "home///kitchen/lamp/me/C", payload: "LIGHT_ON"},
		message{topic: "home///kitchen/lamp/house/S", payload: `{"action":"LIGHT_ON","response":"OK"}`})
	if got := <-lit; got != "on 40" {
		t.Errorf("the lamp hears %q", got)
	}
	user.say(message{topic: "home///kitchen/lamp/me/C", payload: "LIGHT_OFF"})
	if m, _ := user.hear(patience); !strings.Contains(m.payload, `"response":"REJECTED"`) {
		t.Errorf("LIGHT_OFF is answered %v, want it rejected", m)
	}
	gateway.stop()
}

// runOriginals runs a file of the original, migrates it, and runs the result.
func runOriginals(t *testing.T, console *block) {
	dir := t.TempDir()
	broker := startMosquitto(t)
	_, port, _ := strings.Cut(broker.address, ":")
	for from, to := range map[string]string{"dummy2mqtt.cfg": "dummy2mqtt.conf", "dummy_map.json": "dummy_map.json"} {
		text, err := os.ReadFile("testdata/original/" + from)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, to, strings.ReplaceAll(string(text), "PORT", port))
	}
	shell(t, dir, console)
	runs(t, dir, "run", "--config", "dummy2mqtt.yaml")
}

// compareTree checks that the tree of actors is the one in the manual of package actors.
func compareTree(t *testing.T, tree *block) {
	manual, err := os.ReadFile("../actors/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`^[│├└─ ]*(\S+)`)
	at := 0
	lines := strings.Split(strings.ReplaceAll(string(manual), "//\t", ""), "\n")
	for _, line := range tree.lines {
		name := names.FindString(line)
		found := slices.IndexFunc(lines[at:], func(l string) bool { return names.FindString(l) == name })
		if found < 0 {
			t.Errorf("package actors has no %q at that place", name)
			continue
		}
		at += found + 1
	}
}
