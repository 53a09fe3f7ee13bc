package linear_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	"github.com/mqttgateway/mqttgateway/internal/command"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// read reads a configuration, with or without faults.
func read(t *testing.T, name, text string, environ ...string) func() *config.Config {
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() *config.Config {
		l, err := config.Load(config.Sources{Path: path, WorkDir: dir, Environ: environ})
		if err != nil {
			_ = err.Error()
		}
		return &l.Config
	}
}

// load does everything with a configuration that is done at the start, in a reload and for printing it.
func load(t *testing.T, name, text string, environ ...string) func() {
	config := read(t, name, text, environ...)
	return func() {
		c := config()
		c.Settings(unknownLines, unknownDevices)
		c.YAML("")
		c.Changes(c)
		for i := range c.Devices {
			c.Devices[i].Changes(&c.Devices[i])
		}
	}
}

// checks makes the program check a configuration, however many faults it has.
func checks(name, head string, item func(i int) string, separator, tail string) func(t *testing.T, n int) func() {
	return func(t *testing.T, n int) func() {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(head+list(n, separator, item)+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		return func() {
			command.Execute(t.Context(), []string{"check", "-c", path}, strings.NewReader(""), io.Discard, io.Discard)
		}
	}
}

func option(i int) string { return fmt.Sprintf("option%d: %d", i, i) }

func device(i int) string {
	return fmt.Sprintf(`{"name": "d%d", "type": "dummy", "answers_to": {"device": ["D%d"]}, "params": {"p": %d}}`, i, i, i)
}

func badDevice(i int) string {
	return fmt.Sprintf("{\"name\": \"d%d\", \"typ\": \"dummi\", \"timeout\": 5, \"params\": {\"prot\": \"p%d\"}}", i%7, i)
}

const plainTopics = "\"mapping\": {\"root\": \"home\", \"topics\": [\"home/#\"]}"

var configWorks = []work{
	{"config/devices as YAML", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "devices:\n"+list(n, "\n", func(i int) string { return "  - " + device(i) }))
	}},
	{"config/devices as JSON", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [`+list(n, ",", device)+`]}`)
	}},
	{"config/devices as TOML", func(t *testing.T, n int) func() {
		return load(t, "g.toml", list(n, "\n", func(i int) string {
			return fmt.Sprintf("[[devices]]\nname = 'd%d'\ntype = 'dummy'\nanswers_to = {device = ['D%d']}\n", i, i)
		}))
	}},
	{"config/devices of one name", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "devices:\n"+list(n, "\n", func(int) string { return "  - " + device(0) }))
	}},
	{"config/wrong devices", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [`+list(n, ",", func(i int) string { return `{"nam": 1, "Type": 2, "reply": "perhaps", "mailbox": -1}` })+`]}`)
	}},
	{"config/no devices", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [`+list(n, ",", func(i int) string { return "1" })+`]}`)
	}},
	{"config/words", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [{"name": "d", "type": "dummy", "answers_to": {"device": [`+list(n, ",", func(i int) string { return fmt.Sprintf(`"D%d",""`, i) })+`]}}]}`)
	}},
	{"config/topics", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"mapping": {"topics": [`+list(n, ",", func(i int) string { return fmt.Sprintf(`"home/%d/#","#/%d"`, i, i) })+`]}}`)
	}},
	{"config/parameters", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [{"name": "d", "type": "dummy", "params": {`+list(n, ",", func(i int) string { return fmt.Sprintf(`"p%d": ["x", 1]`, i) })+`}}]}`)
	}},
	{"config/depth of parameters", func(t *testing.T, n int) func() {
		config := read(t, "g.json", `{"devices": [{"name": "d", "type": "dummy", "params": `+strings.Repeat(`{"p":`, n)+"1"+strings.Repeat("}", n)+`}]}`)
		return func() { config().Settings(unknownLines, unknownDevices) } // without YAML, which is indented
	}},
	{"config/unknown options as YAML", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", list(n, "\n", func(i int) string { return fmt.Sprintf("brokr%d: x", i) }))
	}},
	{"config/unknown options as JSON", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"mqtt": {`+list(n, ",", func(i int) string { return fmt.Sprintf(`"brokr%d": 1`, i) })+`}}`)
	}},
	{"config/long unknown option", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"mqtt": {"`+strings.Repeat("brokr", 10*n)+`": 1}}`)
	}},
	{"config/dots in an option", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"mqtt": {"`+strings.Repeat("a.", 10*n)+`": 1}}`)
	}},
	{"config/keys twice", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", list(n, "\n", func(i int) string { return "mqtt: {}" }))
	}},
	{"config/keys twice as JSON", func(t *testing.T, n int) func() {
		return load(t, "g.json", "{"+list(n, ",", func(int) string { return `"mqtt": {}` })+"}")
	}},
	{"config/keys twice as TOML", func(t *testing.T, n int) func() {
		return load(t, "g.toml", list(n, "\n", func(int) string { return "[mqtt]" }))
	}},
	{"config/keys of a mapping with an anchor", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "devices: [{name: &a d, type: dummy, params: {q: *a, "+list(n, ", ", option)+"}}]\n")
	}},
	{"config/documents", func(t *testing.T, n int) func() { return load(t, "g.yaml", strings.Repeat("---\nmqtt: {}\n", n)) }},
	{"config/spellings", func(t *testing.T, n int) func() {
		return load(t, "g.json", `{"devices": [`+list(n, ",", func(i int) string {
			return fmt.Sprintf(`{"NAME": "d%d", "Name": "x", "TYPE": "dummy", "PaRaMs": {}}`, i)
		})+`]}`)
	}},
	{"config/environment", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "", strings.Fields(list(n, " ", func(i int) string { return fmt.Sprintf("MQTTGATEWAY_BROKR%d=1", i) }))...)
	}},
	{"config/lists in the environment", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "", "MQTTGATEWAY_MAPPING_TOPICS="+list(n, ",", different))
	}},
	{"config/addresses", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "log: {email: {host: h, from: a@b.c, to: ["+list(n, ",", func(i int) string { return fmt.Sprintf("a%d@b.c", i) })+"]}}")
	}},
	{"original/options", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[INTERFACE]\n"+list(n, "\n", func(i int) string { return fmt.Sprintf("option%d: value = %d\n  more", i, i) }))
	}},
	{"original/unknown options", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[LOG]\n"+list(n, "\n", func(i int) string { return fmt.Sprintf("filenam%d: %d", i, i) }))
	}},
	{"original/sections", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", list(n, "\n", func(i int) string { return fmt.Sprintf("[S%d]\na: 1", i) }))
	}},
	{"original/sections and defaults", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[DEFAULT]\n"+list(n, "\n", func(i int) string { return fmt.Sprintf("o%d: 1", i) })+"\n"+
			list(n, "\n", func(i int) string { return fmt.Sprintf("[S%d]\na: 1", i) }))
	}},
	{"original/options twice", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[INTERFACE]\n"+list(n, "\n", func(int) string { return "a: 1" }))
	}},
	{"original/lines of a value", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[INTERFACE]\na: 1\n"+strings.Repeat("\n\n  x\n", n))
	}},
	{"original/topics", func(t *testing.T, n int) func() {
		return load(t, "dummy2mqtt.conf", "[MQTT]\nroot: home\ntopics: "+list(n, ",\n  ", different))
	}},
	{"config/YAML with aliases", func(t *testing.T, n int) func() {
		return load(t, "g.yaml", "devices:\n- &d {name: first, type: dummy, params: &p {port: x}}\n"+list(n, "\n", func(i int) string {
			return fmt.Sprintf("- {<<: *d, name: d%d, params: *p}", i)
		}))
	}},
	{"check/options of the original", checks("dummy2mqtt.conf", "[INTERFACE]\n", option, "\n", "\n")},
	{"check/devices", checks("gw.json", "{"+plainTopics+", \"devices\": [", device, ",\n", "]}")},
	{"check/bad devices", checks("gw.json", "{"+plainTopics+", \"devices\": [", badDevice, ",\n", "]}")},
	{"check/bad parameters", checks("gw.yaml", "devices: [{name: a, type: dummy, params: {", option, ", ", "}}]\n")},
	{"options/unknown", func(t *testing.T, n int) func() {
		raw := map[string]any{}
		for i := range n {
			raw[fmt.Sprintf("prt%d", i)] = map[string]any{"a": i}
		}
		return func() {
			var p struct {
				Port string `koanf:"port" default:""`
			}
			if err := options.Decode(raw, &p); err != nil {
				_ = err.Error()
			}
		}
	}},
	{"options/nearest to a long word", func(t *testing.T, n int) func() {
		return func() { wording.Nearest(strings.Repeat("x", 10*n), []string{"port", "baud"}) }
	}},
	{"options/nearest of many", func(t *testing.T, n int) func() {
		return func() { wording.Nearest("kye1", strings.Fields(list(n, " ", different))) }
	}},
}

// unknownLines is a config.LineFields that knows no protocol.
func unknownLines(string) ([]options.Field, bool) { return nil, false }

// unknownDevices is a config.DeviceFields that knows no type.
func unknownDevices(config.Device) ([]options.Field, bool) { return nil, false }
