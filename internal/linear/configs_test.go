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
)

// loads reads a configuration, and puts into words what is in force.
func loads(name, head string, item func(i int) string, separator, tail string) func(t *testing.T, n int) func() {
	return func(t *testing.T, n int) func() {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(head+list(n, separator, item)+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		return func() {
			l, err := config.Load(config.Sources{Path: path})
			if err == nil {
				l.Config.Settings()
				l.Config.YAML("")
				l.Config.Changes(&l.Config)
			}
		}
	}
}

// checks has the program check a configuration, however many faults there are.
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
	return fmt.Sprintf("{\"name\": \"d%d\", \"type\": \"dummy\", \"params\": {\"port\": \"p%d\"}}", i, i)
}

func badDevice(i int) string {
	return fmt.Sprintf("{\"name\": \"d%d\", \"typ\": \"dummi\", \"timeout\": 5, \"params\": {\"prot\": \"p%d\"}}", i%7, i)
}

const plainTopics = "\"mapping\": {\"root\": \"home\", \"topics\": [\"home/#\"]}"

var configWorks = []work{
	{"config/options of the original", loads("dummy2mqtt.conf", "[INTERFACE]\n", option, "\n", "\n")},
	{"config/lines of the original", loads("dummy2mqtt.conf", "[INTERFACE]\nport:", func(i int) string { return fmt.Sprintf("  line %d\n\n", i) }, "\n", "\n")},
	{"config/sections of the original", loads("dummy2mqtt.conf", "", func(i int) string { return fmt.Sprintf("[S%d]\na: b", i) }, "\n", "\n")},
	{"config/YAML", loads("gw.yaml", "devices: [", device, ",\n", "]\n")},
	{"config/JSON", loads("gw.json", "{\"devices\": [", device, ",\n", "]}")},
	{"config/TOML", loads("gw.toml", "", func(i int) string {
		return fmt.Sprintf("[[devices]]\nname = \"d%d\"\ntype = \"dummy\"\nparams.port = \"p%d\"\n", i, i)
	}, "\n", "")},
	{"config/YAML with aliases", loads("gw.yaml", "devices:\n- &d {name: first, type: dummy, params: &p {port: x}}\n", func(i int) string {
		return fmt.Sprintf("- {<<: *d, name: d%d, params: *p}", i)
	}, "\n", "\n")},
	{"config/topics", loads("gw.yaml", "mapping: {root: home, topics: [", func(i int) string { return fmt.Sprintf("home/%d/#", i) }, ",", "]}\n")},
	{"config/unknown keys", loads("gw.yaml", "", option, "\n", "\n")},
	{"check/options of the original", checks("dummy2mqtt.conf", "[INTERFACE]\n", option, "\n", "\n")},
	{"check/devices", checks("gw.json", "{"+plainTopics+", \"devices\": [", device, ",\n", "]}")},
	{"check/bad devices", checks("gw.json", "{"+plainTopics+", \"devices\": [", badDevice, ",\n", "]}")},
	{"check/bad parameters", checks("gw.yaml", "devices: [{name: a, type: dummy, params: {", option, ", ", "}}]\n")},
}
