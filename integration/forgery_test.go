package integration

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// evil is a text of somebody who wants to put a line into the log, or to control the terminal of its reader: it
// contains ASCII control characters, other control characters, and line breaks of Unicode.
const evil = "x\nlevel=ERROR msg=forged\r\n\x1b[31mforged\x1b[0m\x07\x7f\u0085\u009b31m\u2028level=ERROR msg=forged\u202e"

// TestForgery makes a device and clients use evil texts wherever they can, and checks all output of the program.
func TestForgery(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			gateway := start(t, dir, "testgateway", "run", "--config", write(t, dir, "gateway.yaml", `
gateway: {name: gw}
mqtt: {broker: embedded}
embedded: {address: "127.0.0.1:0"}
mapping: {root: home, topics: ["#"]}
devices:
  - {name: liar, type: liar}
log: {level: debug, format: `+format+`, file: {path: gateway.log, level: debug}}
`))
			address := embeddedAddress(t, gateway)
			gateway.says("subscribed")
			user := join(t, address, "home/end/#")
			arg, err := json.Marshal(map[string]string{"text": evil})
			if err != nil {
				t.Fatal(err)
			}
			// The failures come last, since a device that has failed is down for a while.
			for _, action := range []string{"REFUSE", "REPORT", "LOG", "SPEAK", "PANIC"} {
				payload := `{"action":"` + action + `",` + string(arg[1:])
				user.say(message{topic: "home////liar/me/C", payload: payload})
			}
			publishRaw(t, address, "home/"+evil+"////me/C", "LIGHT_ON")
			publishRaw(t, address, "home/////"+evil+"/C", "LIGHT_ON")
			publishRaw(t, address, "home/////me/"+evil, "LIGHT_ON")
			publishRaw(t, address, evil, evil)
			publishRaw(t, address, "home/////me/C", evil)
			publishRaw(t, address, "home/////me/C", `{"action": "LIGHT_ON", `+string(arg[1:]))
			publishRaw(t, address, "home/////me/C", `{"action": `+evil)
			gateway.says("panic")
			publishRaw(t, address, "home////end/me/C", "LAST")
			gateway.says("LAST")
			gateway.stop()

			lines, _, _ := gateway.lines.from(0)
			text, err := os.ReadFile(filepath.Join(dir, "gateway.log"))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
			forged := 0
			for _, line := range lines {
				if strings.Contains(line, "forged") {
					forged++
				}
				if begins := map[string]string{"text": "time=", "json": `{"time":`}[format]; !strings.HasPrefix(line, begins) {
					t.Errorf("a line that does not begin with %s: %q", begins, line)
				}
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("a line that is not all to be seen: %q", line)
				}
			}
			if forged < 2*10 {
				t.Errorf("%d lines repeat what was said, want 20 at least:\n%s", forged, strings.Join(lines, "\n"))
			}
		})
	}
}

// TestBreakingOut makes a device emit keywords with the characters that separate levels of a topic.
func TestBreakingOut(t *testing.T) {
	t.Parallel()
	dir, broker := t.TempDir(), startMosquitto(t)
	gateway := start(t, dir, "testgateway", "run", "--config", write(t, dir, "gateway.yaml", `
gateway: {name: gw}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: liar, type: liar, reply: never, answers_to: {device: [liar]}}
log: {level: debug}
`), "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	user := join(t, broker.address, "#")
	for _, text := range []string{"a/b", "../../other", "/", "+", "#", "a#", "$SYS/x", "a\x00b"} {
		arg, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		user.say(message{topic: "home////liar/me/C", payload: `{"action":"SPEAK","text":` + string(arg) + `}`})
		// As an action, the text is harmless. A message that the device had sent before would have come before.
		want := message{topic: "home/////gw/S", payload: text}
		if m, ok := user.hear(patience); !ok || m != want {
			t.Errorf("%q: heard %v, want only %v", text, m, want)
		}
	}
	gateway.stop()
	if lines := gateway.saidSince(0, `msg="emission refused"`); len(lines) != 8*5 {
		t.Errorf("%d emissions were refused, want %d", len(lines), 8*5)
	}
}

// publishRaw publishes on a topic that no client library accepts, with control characters.
func publishRaw(t testing.TB, address, topic, payload string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	connect := "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
	body := binary.BigEndian.AppendUint16(nil, uint16(len(topic)))
	body = append(append(body, topic...), payload...)
	publish := binary.AppendUvarint([]byte{0x30}, uint64(len(body)))
	_, err = c.Write(append(append([]byte(connect), publish...), append(body, 0xe0, 0)...)) // a DISCONNECT follows
	if err == nil {
		_, err = io.Copy(io.Discard, c) // until the broker has read everything
	}
	if err != nil {
		t.Fatal(err)
	}
}
