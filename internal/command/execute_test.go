package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// someFiles are the files in the working directory of the command lines under test.
var someFiles = map[string]string{
	"good.yaml": `
mqtt: {username: me, password_file: secret}
mapping: {root: home, topics: ["home/+/gw/#"]}
devices:
  - {name: lamp, type: dummy, answers_to: {location: [Kitchen]}, params: {port: none}}
`,
	"secret": "swordfish\n",
	"bad.yaml": `
mqtt: {broker: "ssl://h:1", qos: 7, username: me, password: swordfish, tls: {ca_file: secret, cert_file: secret, key_file: secret}}
mapping: {file: bad.map}
devices:
  - {name: a, type: dumy}
  - {name: b, type: dummy, params: {prot: x, interval: 3}}
  - {name: c, type: never}
  - {name: d, type: mixed, params: {pins: many}}
  - {name: e}
`,
	"bad.map":            `{"root": "a/+", "topics": ["x/#/y"], "functin": {}, "action": {"maptype": "strict", "map": {}}}`,
	"dummy2mqtt.conf":    "[MQTT]\nhost: 127.0.0.1\npasword: x\n[MAP]\nroot: home\ntopics: home/#\n[LOG]\nlevle: x\nconsolelevel: INFO\n[INTERFACE]\nport: /dev/tty\n",
	"dumy2mqtt.conf":     "[INTERFACE]\nport: /dev/tty\nprot: 1\n",
	"untold.conf":        "[INTERFACE]\nport: /dev/tty\n[MAP]\nroot: home\n",
	"dummy2mqtt.map":     string(mapping.Example()),
	"musiccast2mqtt.cfg": "[INTERFACE]\nport: none\n[MAP]\nroot: home\ntopics: home/#\n",
	"mapless.conf":       "[INTERFACE]\nport: none\n[MAP]\nmapping: on\nmapfilename: maps/house.json\n[MQTT]\nhost: broker\nfilename: mqtt.cfg\n",
	"lines.yaml":         "mqtt:\n  qos: 1\n qos: 2\n",
	"strange.yaml":       "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: music}]\n",
	"empty.yaml":         "",
	"unresolved.yaml":    "mqtt: {broker: 'ssl://h:1', tls: {ca_file: nowhere}}\nmapping: {file: nowhere.map}\n",
	"half-a-pair.yaml":   "mqtt: {broker: 'ssl://h:1', tls: {cert_file: secret}}\n",
	"notoml.toml":        "mqtt = 5",
	"kind.txt":           "",
	"devices-only.yaml":  "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: raw, params: {x: 1}}, {name: b, type: plain}]\n",
}

func TestExecute(t *testing.T) {
	const light = "testmqttgtw/lighting/dummy/kitchen/spot/me/C"
	program := programName()
	tests := []struct {
		name   string
		line   []string
		status int
		stdout []string
		stderr []string // parts of the text; if empty, the text must be empty
		not    string   // part that neither text may have
	}{
		{name: "nothing", stdout: []string{"Usage:\n  " + program + " COMMAND\n", `"` + program + ` run" shows`, "\n  translate   Translate messages"}},
		{name: "unknown command", line: []string{"foo"}, status: 1, stderr: []string{`unknown command "foo"; there are check, `}},
		{name: "misspelt command", line: []string{"rnu"}, status: 1, stderr: []string{"unknown command \"rnu\"; did you mean run?\n"}},
		{name: "unknown flag", line: []string{"check", "--frobnicate"}, status: 1, stderr: []string{`unknown flag: --frobnicate; see "` + program + ` check --help"`}},
		{name: "misspelt flag", line: []string{"check", "--mqtt.brokr", "x"}, status: 1, stderr: []string{"unknown flag: --mqtt.brokr; did you mean --mqtt.broker?\n"}},
		{name: "flag twice", line: []string{"check", "--mapping.topics", "a", "--mapping.topics", "b"}, status: 1, stderr: []string{`--mapping.topics: given twice; see "`}},
		{name: "configuration twice", line: []string{"check", "-c", "good.yaml", "--config", "bad.yaml"}, status: 1, stderr: []string{`--config: given twice; see "`}},
		{name: "password twice", line: []string{"check", "--mqtt.password", "x", "--mqtt.password", "swordfish"}, status: 1, stderr: []string{`--mqtt.password: given twice; see "`}, not: "swordfish"},
		{name: "flag without a value", line: []string{"check", "--mqtt.qos"}, status: 1, stderr: []string{"needs an argument: --mqtt.qos"}},
		{name: "file as an argument", line: []string{"run", "dummy2mqtt.conf"}, status: 1, stderr: []string{"unexpected argument \"dummy2mqtt.conf\"; did you mean --config dummy2mqtt.conf?\n"}},
		{name: "the original's -c", line: []string{"-c", "bad.yaml"}, status: 1, stderr: []string{"mqtt.qos: 7 "}},
		{name: "the original's -c, joined", line: []string{"-cbad.yaml", "--mqtt.qos=8"}, status: 1, stderr: []string{"--mqtt.qos: 8 "}},
		{name: "the original's --conf", line: []string{"--conf", "bad.yaml"}, status: 1, stderr: []string{"mqtt.qos: 7 "}},
		{name: "the original's --cfg", line: []string{"--cfg=bad.yaml"}, status: 1, stderr: []string{"mqtt.qos: 7 "}},
		{name: "the original's argument", line: []string{"dumy2mqtt.conf"}, status: 1, stderr: []string{"dumy2mqtt.conf: unknown device type"}},
		{name: "the original's folder", line: []string{"./"}, status: 1, stderr: []string{`no configuration in "./": want ` + program + " with one of the extensions .yaml .toml .json .conf .cfg\n"}},
		{name: "the original's parent folder", line: []string{"--conf", ".."}, status: 1, stderr: []string{`no configuration in "..": want ` + program}},
		{name: "the original's names with a command", line: []string{"check", "--conf", "good.yaml"}, stdout: []string{"good.yaml is good\n"}},
		{name: "the original's map", line: []string{"-c", "good.yaml", "-m", "x.json"}, status: 1, stderr: []string{"'m' in -m; did you mean --mapping.file?\n"}},
		{name: "the original's map, in full", line: []string{"run", "--map", "x.json"}, status: 1, stderr: []string{"unknown flag: --map; did you mean --mapping.file?\n"}},

		{name: "version", line: []string{"version"}, stdout: []string{program + " " + version()}},
		{name: "version as a flag", line: []string{"--version"}, stdout: []string{program + " " + version()}},
		{name: "version of what", line: []string{"version", "x"}, status: 1, stderr: []string{`unexpected arguments ["x"]: want "` + program + ` version"`}},

		{name: "devices", line: []string{"devices"}, stdout: []string{
			"dummy: no equipment at all, or a lamp that the gateway plays: for trying things out\n  port      string    port of the equipment", "; required; for example /dev/ttyUSB0\n", "  interval  duration  ", "; default 30s; 100ms to 24h, or 0: it sends none\n",
			"plain\n  (has no parameters)\n", "raw\n  (reads its parameters itself)\n",
		}},
		{name: "a device type", line: []string{"devices", "dummy"}, stdout: []string{
			"dummy: no equipment at all, or a lamp that the gateway plays: for trying things out\n  port ", "\n\ndevices:\n  - name: dummy\n    type: dummy\n    params:\n      port: /dev/ttyUSB0\n",
		}, not: "plain"},
		{name: "a device type that is documented at length", line: []string{"devices", "plant"}, stdout: []string{
			"plant: some points on a bus\n\nThe bus has one master.\n\n  bus.host      string             the master\n", "\n  points[].id  ", "\n  named.*.port  ", "; 1 to 65535\n", "  fast|safe  ",
			"\ndevices:\n  - {name: cellar, type: plant, params: {bus: {host: plc}, frame: 2KB}}\n  - {name: attic, type: plant}\n",
		}},
		{name: "a device type without an example", line: []string{"devices", "raw"}, stdout: []string{"raw\n  (reads its parameters itself)\n"}, not: "devices:"},
		{name: "a device type whose example is wrong", line: []string{"devices", "plant actor"}, status: 1, stderr: []string{
			`the example of the type "plant actor" is wrong: devices[0].type: "plant": want "plant actor"` + "; devices[1].params.mode: \"quick\": want fast or safe\n",
		}},
		{name: "an unknown device type", line: []string{"devices", "dumy"}, status: 1, stderr: []string{`unknown device type "dumy" (have "dummy", `}},

		{name: "check without a file", line: []string{"check"}, stdout: []string{"no configuration file: what run would try out is good\n"}},
		{name: "check a good file", line: []string{"check", "-c", "good.yaml"}, stdout: []string{
			"/good.yaml is good\nnot checked: what devices find out about their parameters, and tell of their entities, only when they are opened\n",
		}, not: "swordfish"},
		{name: "check with flags", line: []string{"check", "-c", "good.yaml", "--mqtt.qos=3", "--mqtt.clean_session", "false", "--log.level", "loud"}, status: 1, stderr: []string{
			"--mqtt.qos: 3 is out of range: want 0 to 2\n" + `--log.level: want debug, info, warn, error or none, have "loud"`,
		}},
		{name: "check all at once", line: []string{"check", "-c", "bad.yaml"}, status: 1, not: "swordfish", stderr: []string{
			`bad.map:1:85: /action/map: empty, and so the maptype "strict" counts as none`,
			"bad.yaml:2:29: mqtt.qos: 7 is out of range: want 0 to 2",
			"bad.yaml:9:5: devices[4].type: missing", // found by the configuration's own checks
			`bad.map:1:2: /root: "a/+": `, `bad.map:1:28: /topics/0: "x/#/y": `, `bad.map:1:38: /functin: unknown key; did you mean function?`,
			"bad.yaml:2:78: mqtt.tls.ca_file: \"", "holds no certificate in PEM\n", "bad.yaml:2:95: mqtt.tls.cert_file and mqtt.tls.key_file: tls: ",
			"bad.yaml:5:15: devices[0].type: unknown device type \"dumy\" (have \"dummy\"", "\"raw\", \"tcp\", \"wagon\"); did you mean dummy?\n",
			"bad.yaml:6:37: devices[1].params.prot: unknown option; did you mean port?\n",
			"bad.yaml:6:28: devices[1].params.port: missing: want a string, such as /dev/ttyUSB0\n",
			"bad.yaml:6:46: devices[1].params.interval: 3 has no unit: ",
			"bad.yaml:7:5: devices[2].params: wrong configuration: no such line\n",
			"bad.yaml:8:28: devices[3].params.baud: missing: want an int\n", "bad.yaml:8:37: devices[3].params.pins: want a whole number, have \"many\"\n",
		}},
		{name: "check says once what is nowhere", line: []string{"check", "-c", "unresolved.yaml"}, status: 1, stderr: []string{
			"mapping.file: there is no file ", ":1:35: mqtt.tls.ca_file: there is no file ",
		}, not: "open "},
		{name: "check half a pair", line: []string{"check", "-c", "half-a-pair.yaml"}, status: 1, stderr: []string{"mqtt.tls.cert_file: want mqtt.tls.key_file too\n"}, not: "tls: "},
		{name: "check no YAML", line: []string{"check", "-c", "lines.yaml"}, status: 1, stderr: []string{"lines.yaml:2: no YAML: "}},
		{name: "check the wrong type of section", line: []string{"check", "-c", "notoml.toml"}, status: 1, stderr: []string{"mqtt: want a section with options below it, have a number\n"}},
		{name: "check another kind of file", line: []string{"check", "-c", "kind.txt"}, status: 1, stderr: []string{"kind.txt: unknown kind of file: want .yaml, .toml, .json or .conf\n"}},
		{name: "check no file", line: []string{"check", "-c", "nowhere.yaml"}, status: 1, stderr: []string{"nowhere.yaml: no such file"}},
		{name: "check an empty file", line: []string{"check", "-c", "empty.yaml"}, stdout: []string{"empty.yaml is good\n"}, stderr: []string{
			"warning: devices: there are none, and nothing acts on messages\n", "neither a map file nor topics",
		}},
		{name: "check types that read their options themselves", line: []string{"check", "-c", "devices-only.yaml"}, stdout: []string{
			"is good\nnot checked: the parameters of \"a\", of types that read them themselves\n",
		}},
		{name: "check one of the original's", line: []string{"check", "-c", "dummy2mqtt.conf"}, stdout: []string{"dummy2mqtt.conf is good\n"}, stderr: []string{
			"warning: [LOG] levle: unknown option is ignored", "warning: [MQTT] pasword: unknown option is ignored",
		}},
		{name: "check an interface of the original's", line: []string{"check", "-c", "musiccast2mqtt.cfg"}, status: 1, stderr: []string{
			"musiccast2mqtt.cfg: unknown device type \"musiccast\" (have \"dummy\", ", "): its interface in Python becomes a device in Go, in a program of your own, see docs/migration.md at https://",
		}},
		{name: "check a type that isn't there", line: []string{"check", "-c", "strange.yaml"}, status: 1, stderr: []string{
			"devices[0].type: unknown device type \"music\" (have ", `): one of your own is built into a program of your own, see "A device in a screenful" at https://`,
		}},
		{name: "check names options of the original as it did", line: []string{"check", "-c", "dumy2mqtt.conf", "--device", "dummy"}, status: 1, stderr: []string{
			"device \"dummy\": [INTERFACE] prot: unknown option; did you mean port?\n",
		}},
		{name: "check the type in a file's name", line: []string{"check", "-c", "dumy2mqtt.conf"}, status: 1, stderr: []string{"dumy2mqtt.conf: unknown device type \"dumy\" (have "}},
		{name: "check the type in --device", line: []string{"check", "-c", "dummy2mqtt.conf", "--device", "dummi"}, status: 1, stderr: []string{"--device: unknown device type \"dummi\" (have "}},
		{name: "check a name that tells no type", line: []string{"check", "-c", "untold.conf"}, status: 1, stderr: []string{"untold.conf: the name does not tell the device: ", "--device\n"}},
		{name: "check filters that overlap", line: []string{"check", "--mqtt.broker", "tcp://h:1883", "--mapping.root", "home", "--mapping.topics", "home/b/+/+/+/+/C,home/+/a/#,home/b/#,home/b/#"}, stdout: []string{"is good"}, stderr: []string{
			"warning: topics: \"home/b/+/+/+/+/C\" is not subscribed to, for \"home/b/#\" covers it\n",
			"warning: topics: \"home/b/#\" is there twice\n",
			"warning: topics: \"home/+/a/#\" and \"home/b/#\" overlap: some brokers deliver twice what both match, and once if one wider filter takes their place\n",
		}},
		{name: "check what the embedded broker delivers once", line: []string{"check", "--mapping.root", "home", "--mapping.topics", "home/+/a/#,home/b/#"}, stdout: []string{"is good"}, not: "overlap"},
		{name: "check a root without topics", line: []string{"check", "--mapping.root", "home"}, stdout: []string{"is good"}, stderr: []string{"warning: --mapping.root without mapping.topics: nothing is subscribed to\n"}},

		{name: "explain", line: []string{"explain", light, "light_on"}, stdout: []string{"location  kitchen      Kitchen   mapped (loose)\n", "dummy   yes    answers to all that the message sets\n", "better of \"dummy\": only opening it tells"}},
		{name: "explain with a file", line: []string{"explain", "-c", "good.yaml", "home/f/gw/Office//me/S", "on"}, stdout: []string{
			"arrives  by the subscription home/+/gw/#\n", "lamp    no     location is \"Office\", and it answers to [\"Kitchen\"]\n", "finds no device",
		}},
		{name: "explain what is refused", line: []string{"explain", light, "fly"}, stdout: []string{"refused  action \"fly\" is not in the map, which is strict\n"}},
		{name: "explain no payload", line: []string{"explain", light}, stdout: []string{"payload  \"\"\n", "refused  an empty payload\n"}},
		{name: "explain bytes", line: []string{"explain", light, "\xff\x1b[2J"}, stdout: []string{`payload  "\xff\x1b[2J"`, "refused  payload: bytes that are no UTF-8\n"}, not: "\xff"},
		{name: "explain a topic like a flag", line: []string{"explain", "--", "-x"}, stdout: []string{"refused  topic of 1 levels, want 7"}},
		{name: "explain nothing", line: []string{"explain"}, status: 1, stderr: []string{"an argument is missing: want \"" + program + " explain TOPIC [PAYLOAD]\"\n"}},
		{name: "explain too much", line: []string{"explain", "a", "b", "c"}, status: 1, stderr: []string{"unexpected arguments [\"c\"]: want "}},
		{name: "explain with a bad file", line: []string{"explain", "-c", "bad.yaml", light}, status: 1, stderr: []string{"mqtt.qos: 7 "}, not: "swordfish"},

		{name: "explain without knowing the type", line: []string{"explain", "-c", "musiccast2mqtt.cfg", "home/f/g/l/d/me/C", "on"}, stdout: []string{
			"action    on           on      passed (none)\n", "musiccast  yes    answers to all",
		}},
		{name: "explain with a name that tells no type", line: []string{"explain", "-c", "untold.conf", "home/f/g/l/d/me/C", "on"}, stdout: []string{"message  C f/g/l/d from me: on\n"}},
		{name: "explain without the map", line: []string{"explain", "-c", "mapless.conf", light}, status: 1, stderr: []string{"[MAP] mapfilename: there is no file "}},

		{name: "translate", line: []string{"translate", "--map", "dummy2mqtt.map", "--name", "me"}},
		{name: "translate by nothing", line: []string{"translate"}, status: 1, stderr: []string{`required flag(s) "map", "name" not set`}},
		{name: "translate by a bad map", line: []string{"translate", "--map", "bad.map", "--name", "me"}, status: 1, stderr: []string{
			"bad.map:1:2: /root: ", "\nbad.map:1:28: /topics/0: ",
		}},

		{name: "migrate nothing", line: []string{"migrate"}, status: 1, stderr: []string{"an argument is missing: want \"" + program + " migrate FILE.conf\"\n"}},
		{name: "migrate no file", line: []string{"migrate", "nowhere.conf"}, status: 1, stderr: []string{"nowhere.conf: no such file"}},
		{name: "migrate a name that tells no type", line: []string{"migrate", "untold.conf"}, status: 1, stderr: []string{"--device\n"}},
		{name: "migrate without what is named", line: []string{"migrate", "mapless.conf", "--device", "lamp"},
			stdout: []string{"broker: tcp://broker:1883\n", "file: maps/house.json\n", "retained_commands: true\n", "availability: false\n", "    type: lamp\n"},
			stderr: []string{"warning: [MQTT] filename: there is no file ", "warning: [MAP] mapfilename: there is no file "}},
		{name: "migrate with --device", line: []string{"migrate", "untold.conf", "--device", "lamp"}, stdout: []string{"    type: lamp\n", "name: untold\n"}, stderr: []string{"nothing is subscribed to"}},

		{name: "run with faults", line: []string{"run", "-c", "bad.yaml"}, status: 1, not: "swordfish", stderr: []string{
			"mqtt.qos: 7 ", `bad.map:1:2: /root: "a/+": `, `bad.map:1:28: /topics/0: `, `bad.map:1:38: /functin: `, "bad.yaml:2:78: mqtt.tls.ca_file: ", "bad.yaml:5:15: devices[0].type: unknown device type",
		}},
	}
	folder(t, someFiles)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := execute(t, "", tt.line...)
			if got.status != tt.status {
				t.Errorf("status %d, want %d", got.status, tt.status)
			}
			for _, want := range tt.stdout {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("standard output lacks %q", want)
				}
			}
			for _, want := range tt.stderr {
				if !strings.Contains("\n"+got.stderr, want) {
					t.Errorf("standard error lacks %q", want)
				}
			}
			if tt.stdout == nil && got.stdout != "" {
				t.Error("standard output is not empty")
			}
			if tt.stderr == nil && got.stderr != "" {
				t.Error("standard error is not empty")
			}
			if tt.not != "" && strings.Contains(got.stdout+got.stderr, tt.not) {
				t.Errorf("%q is shown", tt.not)
			}
			if t.Failed() {
				t.Logf("%q\n%s--- standard error\n%s", tt.line, got.stdout, got.stderr)
			}
		})
	}
}

// check prints one line for each fault and nothing else: a reader would take any other line between warnings and faults
// for a fault.
func TestCheckCountsFaults(t *testing.T) {
	folder(t, someFiles)
	faults := 0
	for line := range strings.Lines(execute(t, "", "check", "-c", "bad.yaml").stderr) {
		if !strings.HasPrefix(line, "warning: ") {
			faults++
		}
	}
	if want := 2 + 3 + 2 + 1 + 3 + 1 + 2; faults != want {
		t.Errorf("%d lines, want %d", faults, want)
	}
}

// check accepts the configuration that config prints, and run runs with it.
func TestConfigRuns(t *testing.T) {
	folder(t, nil)
	printed := execute(t, "", "config")
	if err := os.WriteFile("mine.yaml", []byte(printed.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, "", "check", "--config", "mine.yaml"); printed.status != 0 || got.status != 0 || got.stderr != "" || !strings.Contains(got.stdout, "mine.yaml is good") {
		t.Errorf("config: status %d; check: %+v", printed.status, got)
	}
	got := runUntil(t, "msg=subscribed topic=home/+/+/+/+/+/C", "--config", "mine.yaml")
	if got.status != 0 || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
	wants(t, "standard output", got.stdout, `msg="device online" device=dummy`)
}

// The configuration that migrate prints has the same values as the old file.
func TestMigrateRoundTrip(t *testing.T) {
	dir := folder(t, map[string]string{
		"dummy2mqtt.map":  string(mapping.Example()),
		"dummy2mqtt.conf": "[MQTT]\nhost: broker\nkeepalive: 30\n[MAP]\nmapping: on\nmapfilename: .\n[LOG]\nconsolelevel: DEBUG\nfilelevel: INFO\nfilename: .\nfilesize: 64\n[INTERFACE]\nport: /dev/tty\n",
	})
	printed := execute(t, "", "migrate", "dummy2mqtt.conf")
	if err := os.WriteFile("moved.yaml", []byte(printed.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, "", "check", "--config", "moved.yaml"); got.status != 0 || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, "overlap") {
		t.Errorf("check of what migrate printed: %+v\n%s", got, printed.stdout)
	}
	again, err := config.Load(config.Sources{Path: "moved.yaml", WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(again.Config.YAML(dir)); text != printed.stdout {
		t.Errorf("printed\n%s\nand read again\n%s", printed.stdout, text)
	}
}

// The environment overrides the file, and flags override the environment.
func TestEnvironment(t *testing.T) {
	folder(t, someFiles)
	t.Setenv("MQTTGATEWAY_MQTT_QOS", "9")
	t.Setenv("MQTTGATEWAY_MQTT_CLIENT_IDD", "x")
	got := execute(t, "", "check", "-c", "good.yaml")
	if got.status != 1 || !strings.Contains(got.stderr, "MQTTGATEWAY_MQTT_QOS: 9 is out of range") ||
		!strings.Contains(got.stderr, "warning: environment: unknown variable \"MQTTGATEWAY_MQTT_CLIENT_IDD\" is ignored; did you mean MQTTGATEWAY_MQTT_CLIENT_ID?") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "", "check", "-c", "good.yaml", "--mqtt.qos", "1"); got.status != 0 {
		t.Errorf("the flag does not win: %+v", got)
	}
}

// Without --config, the program finds a file that is named after the program; .yaml is preferred to .conf.
func TestSearch(t *testing.T) {
	dir := folder(t, nil)
	for _, ext := range []string{".conf", ".json", ".toml", ".yaml"} {
		path := filepath.Join(dir, programName()+ext)
		text := map[string]string{".json": "{}", ".conf": "[INTERFACE]\nport: none\n"}[ext]
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"check"}
		if ext == ".conf" {
			args = append(args, "--device", "dummy")
		}
		if got := execute(t, "", args...); got.status != 0 || !strings.HasPrefix(got.stdout, path+" is good\n") {
			t.Errorf("%s: got %+v", ext, got)
		}
	}
}
