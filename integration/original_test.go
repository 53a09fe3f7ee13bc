package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// outcome is the result of one message, or of the connection.
type outcome struct {
	Received []string `json:"received,omitempty"`         // by the device
	Ends     string   `json:"ends the program,omitempty"` // the error
}

// connects is what the broker learns from a client's connection.
type connects struct {
	As            []string `json:"as"` // client id, protocol, clean session, keep alive
	SubscribesTo  []string `json:"subscribes to"`
	WillOrNothing []string `json:"will"`
}

// recorded is what the original did with the files and messages in testdata/original, as record.py there has recorded
// it.
type recorded struct {
	connects  connects
	publishes []string
	ends      []string
	outcomes  map[string]outcome
}

func readRecorded(t *testing.T) (r recorded) {
	t.Helper()
	text, err := os.ReadFile("testdata/original/outcomes.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	r.outcomes = map[string]outcome{}
	for name, value := range raw {
		var o outcome
		into := any(&o)
		switch name {
		case "connects":
			into = &r.connects
		case "publishes":
			into = &r.publishes
		case "ends":
			into = &r.ends
		}
		if err := json.Unmarshal(value, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if into == any(&o) {
			r.outcomes[name] = o
		}
	}
	return r
}

// said is a message that was sent to the original and to the gateway.
type said struct {
	name string
	message
}

func readSaid(t *testing.T) (all []said) {
	t.Helper()
	text, err := os.ReadFile("testdata/original/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		words := regexp.MustCompile(` {2,}`).Split(line, 3)
		switch words[2] {
		case `\xff`:
			words[2] = "\xff"
		case `\x`:
			words[2] = ""
		}
		all = append(all, said{words[0], message{topic: words[1], payload: words[2]}})
	}
	return all
}

// different holds the messages that the gateway treats differently from the original: what the gateway does, and what
// docs/migration.md says about it.
var different = map[string]struct {
	received []string
	told     string
}{
	"empty":    {nil, "**An empty payload**"},
	"no UTF-8": {nil, "**bytes that are no UTF-8** ended the original"},
	"number":   {[]string{`C Lighting/Dummy/Office/ from me: LIGHT_ON {"level":1e3}`}, "**A number** keeps its digits: `1e3` stays `1e3`, and was `1000.0`"},
}

// TestAsTheOriginal runs the gateway with the name and the files of the original, and compares it with the recording.
// Every difference is described in docs/migration.md.
func TestAsTheOriginal(t *testing.T) {
	t.Parallel()
	original, all := readRecorded(t), readSaid(t)
	manual := readManual(t)
	brokerLog := filepath.Join(t.TempDir(), "broker.log")
	broker := startMosquitto(t, "log_type all", "log_dest file "+brokerLog)
	home := t.TempDir()
	folder := filepath.Join(home, ".mqttgtw")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dummy2mqtt.cfg", "dummy_map.json"} {
		text, err := os.ReadFile("testdata/original/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(broker.address, ":")
		write(t, folder, name, strings.ReplaceAll(string(text), "PORT", port))
	}
	user := join(t, broker.address, "#")
	retained := all[0].message
	retained.retained = true
	user.say(retained)

	dummy2mqtt := filepath.Join(t.TempDir(), "dummy2mqtt")
	if err := os.Symlink(filepath.Join(programs, "gateway"), dummy2mqtt); err != nil {
		t.Fatal(err)
	}
	gateway := startProgram(t, t.TempDir(), dummy2mqtt, []string{"HOME=" + home}, "--cfg", "dummy2mqtt.cfg")
	gateway.says("msg=subscribed topic=testmqttgtw/dummyfunction")
	mark, at := all[1].message, 0
	mark.topic = strings.Replace(mark.topic, "office", "mark", 1)
	mark.payload = "light_on"
	for _, s := range all {
		if s.message != all[0].message {
			user.say(s.message)
		}
		user.say(mark)
		got, next := receivedBy(t, gateway, at, "mark")
		at = next
		want := original.outcomes[s.name].Received
		if other, ok := different[s.name]; ok {
			if slices.Equal(other.received, want) && original.outcomes[s.name].Ends == "" {
				t.Errorf("%s: there is no difference", s.name)
			}
			want = other.received
			if !strings.Contains(manual, other.told) {
				t.Errorf("docs/migration.md lacks %q", other.told)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: received %q, want %q", s.name, got, want)
		}
	}
	for unasked, _, _ := strings.Cut(original.publishes[0], " "); ; {
		m, ok := user.hear(patience)
		if !ok {
			t.Fatalf("the dummy does not say %s", unasked)
		}
		if m.topic == unasked {
			break
		}
	}
	gateway.stop()

	log, err := os.ReadFile(brokerLog)
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern string) (found []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(log), -1) {
			found = append(found, m[len(m)-1])
		}
		return found
	}
	seen := connects{
		As:            find(`New client connected from \S+ as (dummy2mqtt \(.*\))\.`),
		SubscribesTo:  find(`: dummy2mqtt \d (\S+)`),
		WillOrNothing: find(`as dummy2mqtt.*\n\d+: (.*)`),
	}
	if !reflect.DeepEqual(seen, original.connects) {
		t.Errorf("to the broker it looks like %+v, want %+v", seen, original.connects)
	}

	// The gateway answers a command that asks for an answer, and publishes that it stops.
	var published []string
	for _, m := range regexp.MustCompile(`Received PUBLISH from dummy2mqtt \(d0, (q\d, r\d), m\d+, '([^']*)'`).FindAllStringSubmatch(string(log), -1) {
		published = append(published, m[2]+" "+m[1])
	}
	slices.Sort(published)
	published = slices.Compact(published)
	const answer, told = "testmqttgtw/lighting/dummy/office//dummy2mqtt/S q0, r0", "**A command that asks**"
	if want := append(slices.Clone(original.publishes), answer); !slices.Equal(published, want) || !strings.Contains(manual, told) {
		t.Errorf("it has published to %q, want %q; docs/migration.md says %q: %t", published, want, told, strings.Contains(manual, told))
	}
	const goodbye, end = "Client dummy2mqtt disconnected.", "**The end**"
	if got := find(`: (Client dummy2mqtt .*)`); !slices.Equal(got, []string{goodbye}) || slices.Equal(got, original.ends) || !strings.Contains(manual, end) {
		t.Errorf("at the end the broker says %q, and said %q of the original; docs/migration.md says %q: %t", got, original.ends, end, strings.Contains(manual, end))
	}
	held := map[string]bool{told: true, end: true}
	for _, d := range different {
		held[regexp.MustCompile(`\*\*.*?\*\*`).FindString(d.told)] = true
	}
	for _, bold := range regexp.MustCompile(`\*\*.*?\*\*`).FindAllString(manual, -1) {
		if !held[bold] {
			t.Errorf("docs/migration.md says %s, and no test holds it", bold)
		}
	}
}

func readManual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/migration.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// receivedBy returns what the device has received, from line from of the log to the message for a location.
func receivedBy(t *testing.T, p *program, from int, location string) (received []string, next int) {
	t.Helper()
	_, next, ok := p.lines.find(from, patience, func(line string) bool {
		if !strings.Contains(line, `msg="message received"`) {
			return false
		}
		word := func(key string) string {
			if m := regexp.MustCompile(`message\.` + key + `=(\S*)`).FindStringSubmatch(line); m != nil {
				return m[1]
			}
			return ""
		}
		if word("location") == location {
			return true
		}
		message := fmt.Sprintf("%s %s/%s/%s/%s from %s: %s", word("type"), word("function"), word("gateway"), word("location"),
			word("device"), word("sender"), word("action"))
		if m := regexp.MustCompile(`message\.arguments="?(\{.*\})`).FindStringSubmatch(line); m != nil {
			message += " " + m[1]
		}
		received = append(received, message)
		return false
	})
	if !ok {
		t.Fatalf("the device has not received the message for %s", location)
	}
	return received, next
}
