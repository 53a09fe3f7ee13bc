package integration

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const administered = `
gateway: {name: gw}
mqtt: {admin: true}
mapping: {root: home, topics: [home/+/+/+/+/+/C]}
devices:
  - {name: lamp, type: dummy, answers_to: {device: [lamp]}, params: {port: none, interval: 0}}
  - {name: siren, type: dummy, answers_to: {device: [siren]}, params: {port: none, interval: 0}}
`

// TestAdmin orders and asks what can be ordered and asked over MQTT, as a person does with mosquitto's programs, rubbish included.
func TestAdmin(t *testing.T) {
	t.Parallel()
	broker, dir := startMosquitto(t), t.TempDir()
	host, port, _ := net.SplitHostPort(broker.address)
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, append([]string{"-h", host, "-p", port}, args...)...)
		mortal(cmd)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %.200q: %v: %s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	// What the broker has kept is no request: nobody means it for now.
	run("mosquitto_pub", "-t", "home/$gateway/gw/request/stop", "-m", `{"device":"lamp"}`, "-r")
	config := write(t, dir, "gateway.yaml", administered)
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	const retained = `msg="messages refused" who=mapper err="what is asked at "home/$gateway/gw/request/stop": retained`
	gateway.says(retained)
	gateway.says(`msg="devices ready" online=2`)
	ask := func(what, payload string) string {
		t.Helper()
		return run("mosquitto_rr", "-t", "home/$gateway/gw/request/"+what, "-e", "home/$gateway/gw/response/"+what, "-W", "10", "-m", payload)
	}
	for _, row := range []struct{ what, payload, answer, log string }{
		{"health", `{"id":"a"}`, `{"response":"OK","id":"a","health":{"ok":true,"status":"link connected, devices: 2 online, 0 down"`, ""},
		{"devices", `{}`, `{"response":"OK","devices":[{"name":"lamp","state":"online","since":"…"},{"name":"siren","state":"online"`, ""},
		{"stop", `{"device":"lamp","id":7}`, `{"response":"OK","id":7}`, `msg="a person stops the device" device=lamp`},
		{"devices", `{"device":"lamp"}`, `"state":"stopped","since":"…","reason":"stopped by a person"}]}`, ""},
		{"start", `{"device":"lamp"}`, `{"response":"OK"}`, `msg="a person starts the device" device=lamp`},
		{"restart", `{"device":"siren"}`, `{"response":"OK"}`, `msg="a person restarts the device" device=siren`},
		{"restart", `{"device":"bell"}`, `{"response":"REJECTED","reason":"no such device: \"bell\""}`, `msg="request over MQTT rejected" request=restart`},
		{"reload", `{}`, `{"response":"OK","reload":{"kept":2`, `msg="a person orders over MQTT" request=reload`},
		{"log", `{"actors":{"mapper":"debug"}}`, `{"response":"OK","log":{"default":"info","actors":{"mapper":"debug"}}}`, ""},
		{"log", `{"actors":{"mapprr":"debug"}}`, `no actor \"mapprr\"; did you mean mapper? (have [\"supervisor\" \"connection\" \"mapper\" \"devices\"], and devices [\"lamp\" \"siren\"])`, ""},

		{"stop", `{"device":`, `"reason":"want a JSON object, such as {} or {\"device\":\"lamp\"}"`, ""},
		{"stop", `["lamp"]`, `"reason":"want a JSON object, such as {} or {\"device\":\"lamp\"}"`, ""},
		{"stop", "\xff\xfe", `"reason":"bytes that are no UTF-8"`, ""},
		{"stop", `{"id":"` + strings.Repeat("x", 10_000) + `"}`, `{"response":"REJECTED","reason":"device: missing","id":"xxx`, ""},
		{"stop", `{"id":"` + strings.Repeat("x", 100_000) + `"}`, `{"response":"REJECTED","reason":"more than 16384 bytes"}`, ""},
		{"explode", `{}`, `want one of [\"devices\" \"health\" \"log\" \"reload\" \"restart\" \"start\" \"stop\"]`, ""},
	} {
		if got := ask(row.what, row.payload); !pattern(row.answer).MatchString(got) {
			t.Errorf("%s %.100s: answered %.500s, want %s", row.what, row.payload, got, row.answer)
		}
		if row.log != "" {
			gateway.says(row.log)
		}
	}
	run("mosquitto_pub", "-t", "home////nobody/me/C", "-m", "ON")
	gateway.says(`level=DEBUG msg="message finds no device" topic=home////nobody/me/C`)
	ask("log", `{"actors":{}}`)
	if others := slices.DeleteFunc(gateway.saidSince(0, "level=DEBUG"), func(line string) bool {
		return strings.Contains(line, "level=DEBUG msg=") && !strings.Contains(line, `msg="message out"`)
	}); len(others) > 0 {
		t.Errorf("others than the mapper say more:\n%s", strings.Join(others, "\n"))
	}
	write(t, dir, "gateway.yaml", strings.Replace(administered, "admin: true", "admin: maybe, qos: 7", 1))
	faulty := gateway.lines.len()
	if got := ask("reload", `{}`); !strings.Contains(got, "gateway.yaml:3:8: mqtt.admin: ") || !strings.Contains(got, "gateway.yaml:3:22: mqtt.qos: ") {
		t.Errorf("a reload with two faults is answered %s", got)
	}
	gateway.saysSince(faulty, `msg="a person orders over MQTT" request=reload`)
	if told := gateway.saidSince(0, "mqtt.qos: "); len(told) != 1 {
		t.Errorf("a fault is told %d times:\n%s", len(told), strings.Join(told, "\n"))
	}

	// Of a storm each request is answered, or counted as lost.
	u := join(t, broker.address, "home/$gateway/gw/response/+")
	const storm = 1000
	before := gateway.lines.len()
	pub := exec.Command("mosquitto_pub", "-h", host, "-p", port, "-t", "home/$gateway/gw/request/health", "-l")
	var all strings.Builder
	for i := range storm {
		fmt.Fprintf(&all, `{"id":%d}`+"\n", i)
	}
	pub.Stdin = strings.NewReader(all.String())
	mortal(pub)
	if out, err := pub.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	asked, answered := storm, 0
	for behind := false; ; { // an answer to what was asked behind the storm has come
		m, ok := u.hearAny(time.Second)
		if !ok && behind {
			break
		}
		if !ok { // what is asked now may be lost, too
			if asked++; asked > storm+int(patience.Seconds()) {
				t.Fatal("no answer behind the storm")
			}
			u.mark(message{topic: "home/$gateway/gw/request/devices", payload: `{}`})
			continue
		}
		answered++
		behind = behind || strings.HasSuffix(m.topic, "/devices")
		var a struct{ Response string }
		if json.Unmarshal([]byte(m.payload), &a) != nil || a.Response != "OK" {
			t.Errorf("answered %v", m)
		}
	}
	gateway.stop()
	const lost = `msg="request over MQTT lost, too many wait"`
	lines, counted := gateway.saidSince(before, lost), 0
	for i, line := range lines {
		n := 1
		if more := regexp.MustCompile(`more=(\d+)`).FindStringSubmatch(line); more != nil {
			n, _ = strconv.Atoi(more[1])
		}
		if counted += n; i > 2 {
			t.Errorf("the log tells over and over: %s", line)
		}
	}
	if answered < 256 || answered+counted != asked {
		t.Errorf("of %d requests %d were answered, and %d counted as lost", asked, answered, counted)
	}
	gateway.saysOnly(retained, lost, `msg="request over MQTT rejected"`, `msg="configuration refused`, `msg="more messages refused" who=mapper`)
}

// orderByACL runs a mosquitto with the lines of README, and has it keep from others what only the administrator may do.
func orderByACL(t *testing.T, acl, ask *block) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	for i, user := range []string{"kitchen", "admin", "family"} {
		args := []string{"-b", users, user, "swordfish"}
		if i == 0 {
			args = append([]string{"-c"}, args...)
		}
		if out, err := exec.Command("mosquitto_passwd", args...).CombinedOutput(); err != nil {
			t.Fatalf("mosquitto_passwd: %v: %s", err, out)
		}
	}
	broker := startMosquitto(t, "allow_anonymous false", "password_file "+users, "acl_file "+write(t, dir, "acl", acl.text()))
	_, port, _ := net.SplitHostPort(broker.address)
	write(t, dir, "password", "swordfish")
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "kitchen.yaml", `
gateway: {name: kitchen}
mqtt: {admin: true, username: kitchen, password_file: password}
mapping: {root: home, topics: [home/+/+/+/+/+/C]}
devices: [{name: lamp, type: dummy, params: {port: none, interval: 0, echo: true}}]
`), "--mqtt.broker=tcp://"+broker.address)
	gateway.says(`msg="devices ready" online=1`)
	gateway.says("msg=subscribed")

	as := func(user, program string, args ...string) (string, error) {
		cmd := exec.Command(program, append([]string{"-p", port, "-u", user, "-P", "swordfish"}, args...)...)
		mortal(cmd)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	// MQTT 5 tells who may not publish. The family may all the rest: its lamp answers.
	const stop = "home/$gateway/kitchen/request/stop"
	if out, _ := as("family", "mosquitto_pub", "-V", "5", "-q", "1", "-t", stop, "-m", `{"device":"lamp"}`); !strings.Contains(out, "Not authorized") {
		t.Errorf("the family may stop the lamp: %s", out)
	}
	if out, err := as("family", "mosquitto_rr", "-W", "10", "-t", "home////lamp/me/C", "-e", "home////lamp/kitchen/S", "-m", "LIGHT_ON"); err != nil || !strings.Contains(out, "LIGHT_ON") {
		t.Errorf("the family's command is answered %s (%v)", out, err)
	}
	command, want := strings.Replace(strings.TrimPrefix(ask.lines[0], "$ "), "mosquitto_rr ", "mosquitto_rr -W 10 -p "+port+" ", 1), ask.lines[1]
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("%s: %v: %s, want %s", command, err, out, want)
	}
	gateway.says(`msg="a person restarts the device" device=lamp`)
	gateway.stop()
	if lines := gateway.saidSince(0, "a person stops"); len(lines) > 0 {
		t.Errorf("the lamp was stopped by somebody who may not: %q", lines)
	}
	gateway.saysOnly()
}
