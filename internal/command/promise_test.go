package command

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// mosquitto runs a real broker that accepts every client, and returns its address.
func mosquitto(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // where Debian installs it
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	said := newScreen()
	cmd := exec.Command(path, "-v", "-p", port)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	if !said.await(waiting, "running\n") {
		t.Fatalf("mosquitto does not run: %s", said)
	}
	return "tcp://127.0.0.1:" + port
}

// takes runs the gateway until its output shows text, and reports whether the text came and the gateway logged no
// complaint.
func takes(t *testing.T, text string, args ...string) (result, bool) {
	t.Helper()
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	ctx, stop := context.WithCancel(t.Context())
	stdout, stderr := newScreen(), newScreen()
	ended := make(chan int, 1)
	go func() { // ends with ctx
		ended <- Execute(ctx, append([]string{"run"}, args...), strings.NewReader(""), stdout, stderr)
		give() // the program has ended without the text
	}()
	go func() { // ends with waiting, or when the program logs that the link failed
		if stderr.await(waiting, "msg=\"link lost\"") || stderr.await(waiting, "msg=\"connect failed\"") {
			give()
		}
	}()
	said := stdout.await(waiting, text)
	stop()
	got := result{<-ended, stdout.String(), stderr.String()}
	for line := range strings.Lines(got.stderr) { // messages that other clients left at the broker may be refused
		said = said && (strings.Contains(line, "msg=configuration") || strings.Contains(line, "messages refused"))
	}
	return got, said && got.status == 0
}

// oddTexts are unusual texts that users and testers enter as names.
var oddTexts = []string{
	"", "a", "Küche 1", "a/b", "/a", "a/", "//", "a b", "☃", "a.b-c_d", "C", "..", `"`, "'", `\`, "%s", "null", "01",
	"$", "$SYS", "$SYS/a", "$share", "$share/g/a", "$SHARE/g/a", "$gateway", "a/$b", "state",
	"+", "#", "a+", "a/+/b", "a/#", "a/#/b", "+/+/#", "$share/g/a/#", "$share/g", "$share//a", "$queue/a",
	"\x00", "a\tb", "a\nb", "\x7f", "\u0085", "\ufffd", "\ufffe", "\U0010ffff", "\u200b", "\u202ea",
	strings.Repeat("x", 23), strings.Repeat("x", 300), strings.Repeat("x", 16_000), strings.Repeat("x", 16_001), strings.Repeat("ü", 8_000), strings.Repeat("x", 65_535),
	strings.Repeat("/", 99) + "x", strings.Repeat("/", 100) + "x", strings.Repeat("/", 101) + "x", strings.Repeat("/", 200), strings.Repeat("/", 201), strings.Repeat("a/", 200) + "#",
}

// section is a section of a configuration.
type section = map[string]any

// oddPlaces sets the options whose values a broker sees.
var oddPlaces = map[string]func(c section, text string){
	"root":      func(c section, text string) { c["mapping"].(section)["root"] = text },
	"filter":    func(c section, text string) { c["mapping"].(section)["topics"] = []string{text} },
	"gateway":   func(c section, text string) { c["gateway"] = section{"name": text} },
	"client id": func(c section, text string) { c["mqtt"].(section)["client_id"] = text },
	"user":      func(c section, text string) { c["mqtt"].(section)["username"] = text },
	"password": func(c section, text string) {
		c["mqtt"].(section)["username"], c["mqtt"].(section)["password"] = "me", text
	},
	"device": func(c section, text string) { c["devices"].([]section)[0]["name"] = text },
}

// writeOdd writes a configuration that has text in each of places.
func writeOdd(t *testing.T, broker, transport, text string, places ...string) {
	t.Helper()
	c := section{
		"mqtt":    section{"broker": broker, "transport": transport, "qos": 1},
		"mapping": section{"root": "home", "topics": []string{"home/#"}},
		"devices": []section{{"name": "lamp", "type": "dummy", "params": section{"port": "none", "interval": "0"}}},
	}
	if broker == config.Embedded {
		c["embedded"] = section{"address": "127.0.0.1:0"}
	}
	for _, place := range places {
		oddPlaces[place](c, text)
	}
	file, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("gw.json", file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run accepts what check accepts, and refuses what check refuses: with each odd text in each of the odd places, on both
// transports and with two brokers.
func TestRunTakesWhatCheckCallsGood(t *testing.T) {
	real := mosquitto(t)
	folder(t, nil)
	for i, text := range oddTexts {
		var good []string
		for _, place := range slices.Sorted(maps.Keys(oddPlaces)) {
			writeOdd(t, real, "direct", text, place)
			if execute(t, "", "check", "-c", "gw.json").status == 0 {
				good = append(good, place)
			} else if ran, taken := takes(t, "msg=subscribed", "-c", "gw.json"); taken {
				t.Errorf("%d: %.40q as %s: check refuses it, run does not: %+v", i, text, place, ran)
			}
		}
		for _, way := range []struct{ broker, transport string }{{real, "direct"}, {real, "paho"}, {config.Embedded, "direct"}} {
			writeOdd(t, way.broker, way.transport, text, good...)
			if _, taken := takes(t, "msg=subscribed", "-c", "gw.json"); taken {
				continue
			}
			for _, place := range good { // try each place alone, to name the one at fault
				writeOdd(t, way.broker, way.transport, text, place)
				if ran, taken := takes(t, "msg=subscribed", "-c", "gw.json"); !taken {
					t.Errorf("%d: %.40q as %s: check calls it good, run over %v does not: %.2000s", i, text, place, way, ran.stderr)
				}
			}
			t.Errorf("%d: %.40q as %q: check calls it good, run over %v does not", i, text, good, way)
		}
	}
}

// check reports each place where run can't write, with the reason.
func TestCheckFindsPlacesThatCannotBe(t *testing.T) {
	const base = "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"
	for name, row := range map[string]struct {
		text  string // of the configuration file
		fault string // part of the error by which check and run refuse the configuration; "": both accept it
		warns string // part of check's warning and of run's log
	}{
		"spool in a file":          {"mqtt: {qos: 1, spool: file}\n", `mqtt.spool: "/…/file" is no folder`, ""},
		"spool below a file":       {"mqtt: {qos: 1, spool: file/spool}\n", `mqtt.spool: `, ""},
		"spool to be made":         {"mqtt: {qos: 1, spool: a/b/c}\n", "", ""},
		"spool that is there":      {"mqtt: {qos: 1, spool: folder}\n", "", ""},
		"state in a file":          {"gateway: {state: file}\n", "", `gateway.state: "/…/file" is no folder: what devices leave at the broker is not cleared after a crash`},
		"state to be made":         {"gateway: {state: a/b/c}\n", "", ""},
		"socket that is a file":    {"health: {socket: file}\n", `health.socket: "/…/file" exists and is no socket`, ""},
		"socket that is a folder":  {"health: {socket: folder}\n", `health.socket: "/…/folder" exists and is no socket`, ""},
		"socket in no folder":      {"health: {socket: nowhere/s}\n", `health.socket: stat /…/nowhere: no such file or directory`, ""},
		"socket below a file":      {"health: {socket: file/s}\n", `health.socket: `, ""},
		"socket with a long path":  {"health: {socket: /tmp/" + strings.Repeat("x", 90) + "}\n", `is too long for a socket: more than 90 bytes`, ""},
		"log that is a folder":     {"log: {file: {path: folder}}\n", "", `log.file.path: "/…/folder" is a folder: nothing is logged there until it can be`},
		"log in no folder":         {"log: {file: {path: nowhere/log}}\n", "", `log.file.path: stat /…/nowhere: no such file or directory`},
		"log to be made":           {"log: {file: {path: log}}\n", "", ""},
		"map that is a folder":     {"mapping: {file: folder}\n", "mapping.file: there is no file ", ""},
		"password that is one":     {"mqtt: {username: me, password_file: folder}\n", "mqtt.password_file: there is no file ", ""},
		"authorities that are one": {"mqtt: {broker: 'ssl://h:1', tls: {ca_file: folder}}\n", "mqtt.tls.ca_file: there is no file ", ""},
		"address of another":       {"mqtt: {broker: embedded}\nembedded: {address: '192.0.2.1:1883', users_file: users}\n", "embedded.address: ", ""},
		"mail server with a port":  {"log: {email: {host: 'h:25', from: a@b, to: [c@d]}}\n", "log.email.host: ", ""},
		"name with a port":         {"mqtt: {broker: 'ssl://h:1', tls: {server_name: 'h:8883'}}\n", "mqtt.tls.server_name: ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := row.text
			if !strings.Contains(text, "mapping:") {
				text += base
			}
			dir, err := os.MkdirTemp("", "") // the path of a socket must be short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			folder(t, nil)
			t.Chdir(dir)
			for _, err := range []error{os.Mkdir("folder", 0o700), os.WriteFile("file", nil, 0o600), os.WriteFile("users", []byte("a:b\n"), 0o600), os.WriteFile("gw.yaml", []byte(text), 0o600)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			if dir, err = filepath.EvalSymlinks(dir); err != nil {
				t.Fatal(err)
			}
			args := []string{"-c", "gw.yaml"}
			if !strings.Contains(text, "broker:") {
				args = append(args, "--mqtt.broker", "tcp://127.0.0.1:1")
			}
			checked := execute(t, "", append([]string{"check"}, args...)...)
			says := strings.ReplaceAll(checked.stderr, dir, "/…")
			if (checked.status != 0) != (row.fault != "") || !strings.Contains(says, row.fault) || !strings.Contains(says, row.warns) {
				t.Errorf("check: %+v\nwant fault %q, warning %q", checked, row.fault, row.warns)
			}
			if _, ran := takesAnyhow(t, args...); ran != (row.fault == "") {
				t.Errorf("run takes it: %t, check: %+v", ran, checked)
			}
		})
	}
}

// takesAnyhow is takes for a gateway that can't reach its broker.
func takesAnyhow(t *testing.T, args ...string) (result, bool) {
	t.Helper()
	got, _ := takes(t, "devices ready", args...)
	return got, got.status == 0
}
