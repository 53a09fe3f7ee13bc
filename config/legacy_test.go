package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// firstGeneration and secondGeneration have every option of the original's files of 2018 and of 2022.
const firstGeneration = `# all about the map stands under [MQTT]
[CONFIG]
location: somewhere

[INTERFACE]
Port: /dev/tty
interval=30s
quoted: "a # b"
empty:

[MQTT]
host: test.example.org
#port: 1884
keepalive: 30
clientid: me
timeout: 0.01
mapping: on
mapfilename: .
root: unused
topics: unused

[LOG]
logfilename: logs/
filelevel: DEBUG
consolelevel: WARNING
filenum:5
filesize: 100
emailhost: 127.0.0.1
emailport: 2525
emailaddress: me@example.com
`

const secondGeneration = `[INTERFACE]
port: /dev/tty
[MAP]
clientid:
mapping: off
mapfilename: .
root: home
topics: home/lighting/#, home/+/mygateway/#
[LOG]
consolelevel: INFO
filelevel: NONE
filename:
filenum: 3
filesize: 50000
[MQTT]
filename:
host: 10.0.0.1
port: 1884
keepalive: 60
timeout: 0.01
`

func TestLegacy(t *testing.T) {
	dir := write(t, map[string]string{"dummy2mqtt.conf": firstGeneration, "dummy2mqtt.map": "{}", "entry2mqtt.cfg": secondGeneration})
	dummy := func(kind string, params map[string]any) []Device {
		return []Device{{Name: kind, Type: kind, Reply: ReplyNever, ReplyArguments: true, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 1000, Retry: Retry{Min: time.Second, Max: time.Minute}, Params: params}}
	}

	first := Default()
	first.Gateway.Name = "dummy2mqtt"
	first.MQTT.Availability, first.Mapping.RetainedCommands = false, true
	first.MQTT.Broker, first.MQTT.KeepAlive, first.MQTT.ClientID = "tcp://test.example.org:1883", 30*time.Second, "me"
	first.Mapping.File = filepath.Join(dir, "dummy2mqtt.map")
	first.Devices = dummy("dummy", map[string]any{"port": "/dev/tty", "interval": "30s", "quoted": `"a # b"`, "empty": ""})
	first.Log.Level = Warn
	first.Log.File = LogFile{filepath.Join(dir, "logs/dummy2mqtt.log"), Debug, 100 * KB, 5}
	first.Log.Email = Email{"127.0.0.1", 2525, "me@example.com", []string{"me@example.com"}, Error}

	second := Default()
	second.Gateway.Name = "entry2mqtt"
	second.MQTT.Availability, second.Mapping.RetainedCommands = false, true
	second.MQTT.Broker = "tcp://10.0.0.1:1884"
	second.Mapping.Root, second.Mapping.Topics = "home", []string{"home/lighting/#", "home/+/mygateway/#"}
	second.Devices = dummy("entry", map[string]any{"port": "/dev/tty"})
	second.Log.Level, second.Log.File.Level, second.Log.File.MaxSize = Info, None, 50000*KB

	for name, want := range map[string]Config{"dummy2mqtt.conf": first, "entry2mqtt.cfg": second} {
		l, err := Load(Sources{Path: filepath.Join(dir, name)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(l.Config, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, l.Config, want)
		}
		if len(l.Warnings) > 0 {
			t.Errorf("%s: warnings %q", name, l.Warnings)
		}
		migratesToTheSame(t, l)
	}
}

// migratesToTheSame writes l as YAML beside its own file and into another folder, and loads both.
func migratesToTheSame(t *testing.T, l *Loaded) {
	t.Helper()
	beside := filepath.Dir(l.Path)
	for dir, folder := range map[string]string{beside: beside, t.TempDir(): ""} {
		text := string(l.Config.YAML(folder))
		path := filepath.Join(dir, "migrated.yaml")
		writeFile(t, path, text)
		again, err := Load(Sources{Path: path})
		if err != nil {
			t.Errorf("%v\n%s", err, text)
		} else if !reflect.DeepEqual(again.Config, l.Config) {
			t.Errorf("got  %+v\nwant %+v\n%s", again.Config, l.Config, text)
		}
	}
}

// loadOld loads text as x2mqtt.conf.
func loadOld(t *testing.T, text string) (*Loaded, error) {
	t.Helper()
	dir := write(t, map[string]string{
		"x2mqtt.conf": text, "x2mqtt.map": "{}", "m.json": "{}",
		"shared.conf": "[MQTT]\nhost: shared\nport: 2\nqos: 1\n", "bad.conf": "words\n",
	})
	return Load(Sources{Path: filepath.Join(dir, "x2mqtt.conf"), WorkDir: dir})
}

func TestLegacyOptions(t *testing.T) {
	tests := []struct {
		name, text string
		got        func(c *Config) any
		want       any
	}{
		{"nothing: the local broker", "", func(c *Config) any { return c.MQTT.Broker }, "tcp://127.0.0.1:1883"},
		{"nothing: no console", "", func(c *Config) any { return c.Log.Level }, None},
		{"nothing: no file", "[LOG]\nfilelevel: DEBUG\nlogfilename:\n", func(c *Config) any { return c.Log.File.Path }, ""},
		{"nothing: no map", "[MAP]\nmapfilename: m.json\n", func(c *Config) any { return c.Mapping.File }, ""},
		{"nothing: a device without parameters", "", func(c *Config) any { return len(c.Devices[0].Params) }, 0},
		{"port alone", "[MQTT]\nport: 1884\n", func(c *Config) any { return c.MQTT.Broker }, "tcp://127.0.0.1:1884"},
		{"an IPv6 host", "[MQTT]\nhost: ::1\n", func(c *Config) any { return c.MQTT.Broker }, "tcp://[::1]:1883"},
		{"shared file", "[MQTT]\nhost: own\nkeepalive: 5\nfilename: shared.conf\n", func(c *Config) any { return c.MQTT.Broker + c.MQTT.KeepAlive.String() }, "tcp://shared:25s"},
		{"shared file of the usual name", "[MQTT]\nfilename: .\nhost: own\n", func(c *Config) any { return c.MQTT.Broker }, "tcp://own:1883"},
		{"default section", "[DEFAULT]\nhost: everywhere\n[MQTT]\n", func(c *Config) any { return c.MQTT.Broker }, "tcp://everywhere:1883"},
		{"mapping on, usual name", "[MQTT]\nmapping: YES\n", func(c *Config) any { return filepath.Base(c.Mapping.File) }, "x2mqtt.map"},
		{"mapping on, named", "[MAP]\nmapping: 1\nmapfilename: m.json\n", func(c *Config) any { return filepath.Base(c.Mapping.File) }, "m.json"},
		{"mapping on, name blank", "[MAP]\nmapping: on\nmapfilename:\nroot: r\n", func(c *Config) any { return c.Mapping }, Mapping{Root: "r", RetainedCommands: true}},
		{"MAP before MQTT", "[MAP]\nroot: new\n[MQTT]\nroot: old\nclientid: id\n", func(c *Config) any { return c.Mapping.Root + c.MQTT.ClientID }, "newid"},
		{"topics with gaps", "[MAP]\ntopics: a/# ,, b\n", func(c *Config) any { return c.Mapping.Topics }, []string{"a/#", "b"}},
		{"topics over lines", "[MAP]\ntopics: a/#,\n  b\n", func(c *Config) any { return c.Mapping.Topics }, []string{"a/#", "b"}},
		{"log file by the usual name", "[LOG]\nfilename: .\n", func(c *Config) any { return filepath.Base(c.Log.File.Path) + c.Log.File.Level.String() }, "x2mqtt.loginfo"},
		{"log file by its level, as in 2022", "[LOG]\nfilelevel: WARN\nfilename:\n", func(c *Config) any { return filepath.Base(c.Log.File.Path) + c.Log.File.Level.String() }, "x2mqtt.logwarn"},
		{"log file by the usual name, as in 2022", "[MAP]\n[LOG]\nfilelevel: WARN\n", func(c *Config) any { return filepath.Base(c.Log.File.Path) }, "x2mqtt.log"},
		{"log file with debug", "[LOG]\nlogfilename: .\ndebug: on\n", func(c *Config) any { return c.Log.File.Level }, Debug},
		{"log file without debug", "[LOG]\nlogfilename: .\ndebug: off\n", func(c *Config) any { return c.Log.File.Level }, Info},
		{"filelevel before debug", "[LOG]\nlogfilename: .\nfilelevel: WARN\ndebug: on\n", func(c *Config) any { return c.Log.File.Level }, Warn},
		{"commands that the broker kept", "", func(c *Config) any { return c.Mapping.RetainedCommands }, true},
		{"nothing below $gateway", "", func(c *Config) any { return c.MQTT.Availability }, false},
		{"level in any case", "[LOG]\nconsolelevel: debug\n", func(c *Config) any { return c.Log.Level }, Debug},
		{"mail at the usual port", "[LOG]\nemailhost: h\nemailport:\nemailaddress: a@b\n", func(c *Config) any { return c.Log.Email }, Email{"h", 25, "a@b", []string{"a@b"}, Error}},
		{"percent is nothing special", "[INTERFACE]\na: %(b)s 50%\n", func(c *Config) any { return c.Devices[0].Params["a"] }, "%(b)s 50%"},
		{"names in lower case", "[INTERFACE]\nSerialPort: X\n", func(c *Config) any { return c.Devices[0].Params["serialport"] }, "X"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := loadOld(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.got(&l.Config); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			migratesToTheSame(t, l)
		})
	}
}

func TestLegacyWarnings(t *testing.T) {
	const topics = "[MAP]\ntopics: a\n" // without any there is a warning of its own
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unknown options", topics + "[LOG]\nconsolelvl: x\nemial: y\n[MQTT]\nhots: h\n", []string{
			"[LOG] consolelvl: unknown option is ignored; did you mean consolelevel?",
			"[LOG] emial: unknown option is ignored",
			"[MQTT] hots: unknown option is ignored; did you mean host?"}},
		{"unknown sections", topics + "[mqtt]\nhost: h\n", []string{"unknown section [mqtt] is ignored; there are CONFIG, INTERFACE, LOG, MAP, MQTT"}},
		{"options for all sections", "[DEFAULT]\nmy: 1\n" + topics + "[LOG]\n", nil},
		{"options of the interface", topics + "[INTERFACE]\nanything: 1\n[CONFIG]\nanything: 1\n", nil},
		{"unknown option in a shared file", topics + "[MQTT]\nfilename: shared.conf\n", []string{"[MQTT] qos: unknown option is ignored"}},
		{"critical", topics + "[LOG]\nconsolelevel: CRITICAL\n", []string{"[LOG] consolelevel: CRITICAL is read as error: there is no level above it"}},
		{"unknown level", topics + "[LOG]\nconsolelevel: LOUD\n", []string{`[LOG] consolelevel: unknown level "LOUD" is read as NONE; there are CRITICAL, ERROR, WARN, INFO, DEBUG`}},
		{"map file without mapping", topics + "mapfilename: m.json\n", nil},
		{"level without a file", "[MQTT]\ntopics: a\n[LOG]\nfilelevel: INFO\n", []string{"[LOG] filelevel: no log file is written, for [LOG] filename is missing"}},
		{"mail without an address", topics + "[LOG]\nemailhost: h\n", []string{"[LOG] emailhost: no mail is sent, for [LOG] emailaddress is missing"}},
		{"mail without a host", topics + "[LOG]\nemailaddress: h\n", []string{"[LOG] emailaddress: no mail is sent, for [LOG] emailhost is missing"}},
		{"endless log", topics + "[LOG]\nfilesize: 0\n", []string{"[LOG] filesize: a log file that grows for ever is not offered: the default applies"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := loadOld(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(l.Warnings, tt.want) {
				t.Errorf("got  %q\nwant %q", l.Warnings, tt.want)
			}
		})
	}
	const deaf = "neither a map file nor topics: nothing is subscribed to"
	l, err := loadOld(t, "[MQTT]\n")
	if err != nil || len(l.Warnings) != 1 || !strings.HasSuffix(l.Warnings[0], deaf) {
		t.Errorf("without topics: %v, %q", err, l.Warnings)
	}
	l, err = loadOld(t, "[MAP]\nmapfilename: m.json\n")
	if err != nil || len(l.Warnings) != 2 || l.Warnings[0] != `[MAP] mapfilename: "m.json" is not used, for mapping is off` || !strings.HasSuffix(l.Warnings[1], deaf) {
		t.Errorf("with a map file, and without mapping: %v, %q", err, l.Warnings)
	}
}

func TestLegacyFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"port", "[MQTT]\nport: x\n", `[MQTT] port: want a port, 1 to 65535, have "x"`},
		{"port out of range", "[MQTT]\nport: 0\n", `[MQTT] port: want a port, 1 to 65535, have "0"`},
		{"host", "[MQTT]\nhost: a b\n", `[MQTT] host: "tcp://a b:1883": no URL: want tcp, ssl, ws or wss://host:port, or unix:///path`},
		{"keepalive", "[MQTT]\nkeepalive: 1m\n", `[MQTT] keepalive: want a whole number, have "1m"`},
		{"keepalive of less than nothing", "[MQTT]\nkeepalive: -1\n", `[MQTT] keepalive: -1s is out of range: want 1s to 65535s, or 0: none, and a dead link is noticed only by what gets no answer`},
		{"mapping", "[MAP]\nmapping: maybe\n", `[MAP] mapping: want on or off, have "maybe"`},
		{"debug", "[LOG]\ndebug: perhaps\n", `[LOG] debug: want on or off, have "perhaps"`},
		{"topics", "[MAP]\ntopics: a, b/#/c\n", `[MAP] topics[1]: "b/#/c": # must be the last level`},
		{"number of files", "[LOG]\nfilenum: few\n", `[LOG] filenum: want a whole number, have "few"`},
		{"size of files", "[LOG]\nfilesize: 9999999999999999\n", `[LOG] filesize: "9999999999999999KB" is more than can be counted`},
		{"mail address", "[LOG]\nemailhost: h\nemailaddress: me\n", "[LOG] emailaddress: \"me\" is no mail address: want one such as me@example.com"},
		{"syntax", "[MQTT]\nhost\nport\n", "x2mqtt.conf:2: \"host\" is no option: want name: value\nx2mqtt.conf:3: \"port\" is no option: want name: value"},
		{"shared file that is missing", "[MQTT]\nfilename: no.conf\n", "[MQTT] filename: there is no file no.conf"},
		{"shared file that is broken", "[MQTT]\nfilename: bad.conf\n", `bad.conf:1: "words" stands before the first [section]`},
		{"map file that is missing", "[MAP]\nmapping: on\nmapfilename: no.json\n", "[MAP] mapfilename: there is no file no.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := loadOld(t, tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), filepath.Dir(l.Path)+"/", ""); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestLegacyDeviceType(t *testing.T) {
	tests := []struct{ file, device, want, fault string }{
		{"lamp2mqtt.conf", "", "lamp", ""},
		{"lamp2mqtt-test.ini", "", "lamp", ""},
		{"lamp2mqtt.conf", "dummy", "dummy", ""},
		{"lamp.conf", "dummy", "dummy", ""},
		{"lamp.conf", "", "", "lamp.conf: the name does not tell the device: want a name such as dummy2mqtt.conf, or --device"},
		{"2mqtt.conf", "", "", "2mqtt.conf: the name does not tell the device: want a name such as dummy2mqtt.conf, or --device"},
		{"lamp.conf", "a/b", "", `--device: "a/b": holds '/', which no level of a topic can`},
		{"a+2mqtt.conf", "", "", "gateway.name: \"a+2mqtt\": holds '+', which no level of a topic can\na+2mqtt.conf: \"a+\": holds '+', which no level of a topic can"},
	}
	for _, tt := range tests {
		dir := write(t, map[string]string{tt.file: "[MQTT]\n"})
		l, err := Load(Sources{Path: filepath.Join(dir, tt.file), DeviceType: tt.device})
		fault := ""
		if err != nil {
			fault = strings.ReplaceAll(err.Error(), dir+"/", "")
		}
		if fault != tt.fault {
			t.Errorf("%s: got %q, want %q", tt.file, fault, tt.fault)
		}
		if err == nil && (l.Config.Devices[0].Type != tt.want || l.Config.Devices[0].Name != tt.want) {
			t.Errorf("%s: got %+v, want %s", tt.file, l.Config.Devices[0], tt.want)
		}
	}
}

// Environment and flags are stronger than the original's files too.
func TestLegacyIsOneSourceOfThree(t *testing.T) {
	dir := write(t, map[string]string{"x2mqtt.conf": "[MQTT]\nhost: h\nkeepalive: 5\n[INTERFACE]\nport: p\n"})
	l, err := Load(Sources{
		Path:    filepath.Join(dir, "x2mqtt.conf"),
		Environ: []string{"MQTTGATEWAY_MQTT_KEEPALIVE=6s"},
		Flags:   map[string]string{"mqtt.broker": "embedded"},
	})
	if err != nil || l.Config.MQTT.Broker != Embedded || l.Config.MQTT.KeepAlive != 6*time.Second {
		t.Errorf("got %+v, %v", l.Config.MQTT, err)
	}
	if got, want := l.Name("devices[0].params.port"), "[INTERFACE] port"; got != want {
		t.Errorf("the parameter is called %q, want %q", got, want)
	}
}

// Whatever stands in a file, it is read or refused, and what is read migrates to the same.
func FuzzLegacy(f *testing.F) {
	f.Add([]byte(firstGeneration))
	f.Add([]byte(secondGeneration))
	f.Add([]byte("[INTERFACE]\na: \u2028\u0085\ufeff b\n  c\n\n  d\n'e': \"f\"\n[MAP]\nroot: x y\ntopics: a, b\n[LOG]\nfilename: a b\n"))
	f.Add([]byte("[INTERFACE]\n\x00: \x07\n!!str: !!binary x\n- : &a *a\n? : ~\n[MQTT]\nhost: %\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := write(t, map[string]string{"x2mqtt.conf": string(text), "x2mqtt.map": "{}"})
		l, err := Load(Sources{Path: filepath.Join(dir, "x2mqtt.conf"), WorkDir: dir})
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		for _, s := range l.Config.Settings(unknownLines, unknownDevices) {
			if strings.ContainsAny(s.Value, "\n\r\x00\x1b") {
				t.Errorf("%s is shown as %q", s.Key, s.Value)
			}
		}
		migratesToTheSame(t, l)
	})
}
