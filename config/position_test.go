package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A place is that of the option, or of the innermost section or item around it that is there.
func TestPlace(t *testing.T) {
	files := map[string]string{
		"gw.yaml": `mqtt:
  QoS: 1
  tls: &tls
    ca_file: a
devices:
  - name: é
    type: x
    params: {"a.b": {c: 1}, list: [10, {k: v}, [1, 2]]}
  - &lamp
    name: b
    type: y
    params:
      points:
      - id: one
        match: x
      -
        id: two
  - <<: *lamp
    name: c
`,
		"gw.json": `{"mqtt": {"QoS": 1,
  "tls": {"ca_file": "a"}},
 "devices": [
  {"name": "é", "type": "x", "params": {"a.b": {"c": 1}, "list": [10, {"k": "v"}, [1, 2]]}},
  {"name": "b",
   "params": {"points": [{"id": "one"}, {"id": "two"}]}}]}
`,
		"gw.toml": `[mqtt]
QoS = 1
tls.ca_file = "a"
[[devices]]
name = "é"
params = {"a.b" = {c = 1}, list = [10, {k = "v"}, [1, 2]]}
[[devices]]
name = "b"
[devices.params]
[[devices.params.points]]
id = "one"
[[devices.params.points]]
id = "two"
`,
	}
	dir := write(t, files)
	for file, rows := range map[string][]struct{ key, want string }{
		"gw.yaml": {
			{"mqtt", "1:1"}, {"mqtt.qos", "2:3"}, {"mqtt.tls.ca_file", "4:5"}, {"mqtt.tls.key_file", "3:3"}, {"mqtt.lag", "1:1"},
			{"mapping.file", ""}, {"devices", "5:1"}, {"devices[0]", "6:5"}, {"devices[0].name", "6:5"}, {"devices[0].params", "8:5"}, {"devices[0].mailbox", "6:5"},
			{"devices[0].params.a.b.c", "8:22"}, {"devices[0].params.list[0]", "8:36"}, {"devices[0].params.list[1].k", "8:41"},
			{"devices[0].params.list[2][1]", "8:52"}, {"devices[0].params.list[3]", "8:29"}, {"devices[0].params.lost", "8:5"},
			{"devices[1].params.points[0]", "14:9"}, {"devices[1].params.points[0].match", "15:9"}, {"devices[1].params.points[1].match", "17:9"},
			{"devices[2].name", "19:5"}, {"devices[2].params.points[0].match", "15:9"}, {"devices[7].name", "5:1"},
		},
		"gw.json": {
			{"mqtt.qos", "1:11"}, {"mqtt.tls.ca_file", "2:11"}, {"devices[0].name", "4:4"}, {"devices[0].params.a.b.c", "4:49"},
			{"devices[0].params.list[1].k", "4:72"}, {"devices[1]", "5:3"}, {"devices[1].params.points[1].match", "6:41"}, {"mapping.file", ""},
		},
		"gw.toml": {
			{"mqtt.qos", "2:1"}, {"mqtt.tls.ca_file", "3:5"}, {"mqtt.tls.key_file", "3:1"}, {"devices[0].name", "5:1"}, {"devices[0].params.a.b.c", "6:20"},
			{"devices[0].params.list[1].k", "6:41"}, {"devices[1].name", "8:1"}, {"devices[1].params.points[1].id", "13:1"}, {"devices[1].params.points[1].match", "12:3"}, {"mapping.file", ""},
		},
	} {
		l, _ := Load(Sources{Path: filepath.Join(dir, file), WorkDir: dir, Environ: []string{"MQTTGATEWAY_MQTT_LAG=1s"}})
		for _, row := range rows {
			if file == "gw.yaml" && row.key == "mqtt.lag" {
				row.want = "" // the environment sets it
			}
			got := strings.TrimPrefix(l.Place(row.key), filepath.Join(dir, file)+":")
			if got != row.want {
				t.Errorf("%s in %s stands at %q, want %q", row.key, file, got, row.want)
			}
		}
	}
}

// A file that has changed since it was read no longer tells where anything stood.
func TestPlaceInAnotherFile(t *testing.T) {
	dir := write(t, map[string]string{"gw.yaml": "mqtt: {qos: 1}\n"})
	path := filepath.Join(dir, "gw.yaml")
	l, err := Load(Sources{Path: path, WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("\nmqtt: {qos: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := l.Place("mqtt.qos"); got != "" {
		t.Errorf("the option stands at %s", got)
	}
	if got := new(Loaded).Place("mqtt.qos"); got != "" {
		t.Errorf("without a file the option stands at %s", got)
	}
}
