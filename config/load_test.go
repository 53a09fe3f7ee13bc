package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// write puts files into a new folder.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// loadYAML loads text as gw.yaml, without anything else around.
func loadYAML(t *testing.T, text string) (*Loaded, error) {
	t.Helper()
	dir := write(t, map[string]string{"gw.yaml": text, "map.json": "{}", "ca.pem": "x", "password": "swordfish\n"})
	return Load(Sources{Path: filepath.Join(dir, "gw.yaml"), WorkDir: dir})
}

// unplaced returns an error without the places of its faults in gw.yaml; position_test.go has them.
func unplaced(err error) string { return places.ReplaceAllString(err.Error(), "") }

var places = regexp.MustCompile(`(?m)^\S*/gw\.yaml:\d+:\d+: `)

// The keys that scripts rely on.
const everything = `
gateway: {name: dummy2mqtt, grace: 20s}
mqtt:
  broker: ssl://broker.example:8883
  client_id: "007"
  username: me
  password_file: password
  keepalive: 90s
  connect_timeout: 5s
  lag: 250ms
  qos: 1
  clean_session: false
  transport: direct
  max_packet: 64KB
  reconnect: {min: 2s, max: 1m}
  tls: {ca_file: ca.pem}
mapping: {file: map.json}
devices:
  - name: dummy
    type: dummy
    answers_to: {location: [Kitchen, Office]}
    params: {port: /dev/tty, interval: 30s, echo: false, deep: {list: [1, {a: 2}]}}
  - {name: other, type: dummy, retain: true, mailbox: 5, timeout: 1s}
log:
  level: none
  format: json
  throttle: 1m
  file: {path: x.log, level: debug, max_size: 1GB, max_files: 1}
  email: {host: mail, from: a@example.com, to: [b@example.com]}
`

func TestLoadYAML(t *testing.T) {
	l, err := loadYAML(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(l.Path)
	want := Default()
	want.Gateway.Name, want.Gateway.Grace = "dummy2mqtt", 20*time.Second
	want.MQTT.Broker, want.MQTT.ClientID, want.MQTT.Username = "ssl://broker.example:8883", "007", "me"
	want.MQTT.Password, want.MQTT.PasswordFile = "swordfish", filepath.Join(dir, "password")
	want.MQTT.KeepAlive, want.MQTT.ConnectTimeout, want.MQTT.Lag = 90*time.Second, 5*time.Second, 250*time.Millisecond
	want.MQTT.QoS, want.MQTT.CleanSession, want.MQTT.Transport, want.MQTT.MaxPacket = 1, false, TransportDirect, 64*KB
	want.MQTT.Reconnect = Reconnect{2 * time.Second, time.Minute}
	want.MQTT.TLS.CAFile = filepath.Join(dir, "ca.pem")
	want.Mapping.File = filepath.Join(dir, "map.json")
	want.Devices = []Device{
		{Name: "dummy", Type: "dummy", AnswersTo: AnswersTo{Location: []string{"Kitchen", "Office"}},
			Reply: ReplyAddressed, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 1000, Retry: Retry{Min: time.Second, Max: time.Minute},
			Params: map[string]any{"port": "/dev/tty", "interval": "30s", "echo": false,
				"deep": map[string]any{"list": []any{1, map[string]any{"a": 2}}}}},
		{Name: "other", Type: "dummy", Reply: ReplyAddressed, Retain: true, Timeout: time.Second, OpenTimeout: 30 * time.Second, Mailbox: 5, Retry: Retry{Min: time.Second, Max: time.Minute}},
	}
	want.Log.Level, want.Log.Format, want.Log.Throttle = None, FormatJSON, time.Minute
	want.Log.File = LogFile{filepath.Join(dir, "x.log"), Debug, GB, 1}
	want.Log.Email.Host, want.Log.Email.From, want.Log.Email.To = "mail", "a@example.com", []string{"b@example.com"}
	if !reflect.DeepEqual(l.Config, want) {
		t.Errorf("got  %+v\nwant %+v", l.Config, want)
	}
	if len(l.Warnings) > 0 {
		t.Errorf("warnings %q", l.Warnings)
	}
	if got := l.Config.ClientID(); got != "007" {
		t.Errorf("client id %q", got)
	}
}

func TestFormatsAgree(t *testing.T) {
	files := map[string]string{
		"gw.yaml": "mqtt: {qos: 1, reconnect: {max: 5s}}\nmapping: {topics: [a/b]}\ndevices:\n  - {name: a, type: b, params: {n: text}}\n",
		"gw.yml":  "MQTT: {QoS: \"1\", Reconnect: {Max: 5s}}\nMapping: {topics: a/b}\ndevices: [{Name: a, Type: b, params: {n: text}}]\n",
		"gw.toml": "[mqtt]\nqos = 1\n[mqtt.reconnect]\nmax = \"5s\"\n[mapping]\ntopics = [\"a/b\"]\n[[devices]]\nname = \"a\"\ntype = \"b\"\n[devices.params]\nn = \"text\"\n",
		"gw.json": `{"mqtt":{"qos":1,"reconnect":{"max":"5s"}},"mapping":{"topics":["a/b"]},"devices":[{"name":"a","type":"b","params":{"n":"text"}}]}`,
	}
	dir := write(t, files)
	var first *Loaded
	for name := range files {
		l, err := Load(Sources{Path: filepath.Join(dir, name)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if first == nil {
			first = l
		}
		if !reflect.DeepEqual(l.Config, first.Config) {
			t.Errorf("%s: %+v\n%s: %+v", first.Path, first.Config, l.Path, l.Config)
		}
	}
	if c := first.Config; c.MQTT.QoS != 1 || c.MQTT.Reconnect.Max != 5*time.Second || len(c.Devices) != 1 || c.Gateway.Name != "gw" {
		t.Errorf("read as %+v", c)
	}
}

func TestStrongerSourceWins(t *testing.T) {
	dir := write(t, map[string]string{"gw.yaml": "mqtt: {client_id: file, username: file, lag: 1s}\n"})
	l, err := Load(Sources{
		Path:    filepath.Join(dir, "gw.yaml"),
		Environ: []string{"MQTTGATEWAY_MQTT_CLIENT_ID=env", "MQTTGATEWAY_MQTT_USERNAME=env", "MQTTGATEWAY_LOG_EMAIL_TO=a@b, c@d", "MQTTGATEWAY_LOG_EMAIL_HOST=h", "MQTTGATEWAY_LOG_EMAIL_FROM=a@b", "HOME=/"},
		Flags:   map[string]string{"mqtt.client_id": "flag", "mapping.topics": "a/#,b/+/c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{l.Config.MQTT.ClientID, l.Config.MQTT.Username, l.Config.MQTT.Lag.String(), l.Config.Log.Email.To[1], l.Config.Mapping.Topics[1]}
	if want := []string{"flag", "env", "1s", "c@d", "b/+/c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for key, want := range map[string]string{"mqtt.client_id": "--mqtt.client_id", "mqtt.username": "MQTTGATEWAY_MQTT_USERNAME", "mqtt.lag": "mqtt.lag", "mqtt.qos": "mqtt.qos"} {
		if got := l.Name(key); got != want {
			t.Errorf("%s is called %s, want %s", key, got, want)
		}
	}
	if !l.Given("mqtt.lag") || l.Given("mqtt.qos") || l.Given("gateway.name") {
		t.Error("Given does not tell what is set from what is not")
	}
}

func TestEveryOptionHasItsVariable(t *testing.T) {
	seen := map[string]string{}
	for _, f := range Flags() {
		name := EnvName(f.Key)
		if other, ok := seen[name]; ok {
			t.Errorf("%s stands for %s and %s", name, other, f.Key)
		}
		seen[name] = f.Key
		if f.Doc == "" || f.Required {
			t.Errorf("%s: want a meaning and a default, have %+v", f.Key, f)
		}
		set := map[string]Sources{name: {Environ: []string{name + "=1"}}, "--" + f.Key: {Flags: map[string]string{f.Key: "1"}}}
		for want, source := range set {
			l, _ := Load(source) // 1 does not suit every option
			if got := l.Name(f.Key); got != want || !l.Given(f.Key) {
				t.Errorf("%s is not set by %s", f.Key, want)
			}
		}
	}
	if seen["MQTTGATEWAY_MQTT_CLIENT_ID"] != "mqtt.client_id" {
		t.Error("MQTTGATEWAY_MQTT_CLIENT_ID is missing")
	}
	if err := options.Check(Config{}); err != nil {
		t.Error(err)
	}
}

func TestUnknownVariablesAreTold(t *testing.T) {
	l, err := Load(Sources{Environ: []string{"MQTTGATEWAY_MQTT_BROKR=x", "MQTTGATEWAY_=", "MQTTGATEWAYS=1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`environment: unknown variable "MQTTGATEWAY_MQTT_BROKR" is ignored; did you mean MQTTGATEWAY_MQTT_BROKER?`,
		`environment: unknown variable "MQTTGATEWAY_" is ignored`,
	}
	if !slices.Equal(l.Warnings, want) {
		t.Errorf("warnings %q", l.Warnings)
	}
}

func TestLoadNothing(t *testing.T) {
	l, err := Load(Sources{Program: "/opt/bin/lamps.exe", WorkDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Gateway.Name = "lamps"
	if !reflect.DeepEqual(l.Config, want) || l.Path != "" || l.Warnings != nil {
		t.Errorf("got %+v", l)
	}
	if got := l.Config.ClientID(); got != "lamps" {
		t.Errorf("client id %q, want the gateway's name", got)
	}
}

func TestDeviceTypeNeedsAFile(t *testing.T) {
	_, err := Load(Sources{DeviceType: "lamp"})
	if want := "--device: only for files of the original (.conf, .cfg, .ini), and there is none"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		path  string // --config
		want  string // below the folder; "" for none
	}{
		{"none", nil, "", ""},
		{"yaml first", []string{"work/gw.json", "work/gw.conf", "work/gw.toml", "work/gw.yaml"}, "", "work/gw.yaml"},
		{"toml next", []string{"work/gw.json", "work/gw.conf", "work/gw.toml"}, "", "work/gw.toml"},
		{"working directory first", []string{"work/gw.json", "bin/gw.yaml"}, "", "work/gw.json"},
		{"beside the program", []string{"bin/gw.json", "work/other.yaml"}, "", "bin/gw.json"},
		{"named", []string{"work/gw.yaml", "work/x.yaml"}, "x.yaml", "work/x.yaml"},
		{"named, beside the program", []string{"bin/x.yaml"}, "x.yaml", "bin/x.yaml"},
		{"a dot", []string{"bin/gw.json"}, ".", "bin/gw.json"},
		{"a folder", []string{"work/etc/gw.toml"}, "etc/", "work/etc/gw.toml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"bin/gw": "", "work/empty": ""}
			for _, name := range tt.files {
				files[name] = map[bool]string{true: "{}"}[strings.HasSuffix(name, ".json")]
			}
			dir := write(t, files)
			l, err := Load(Sources{Path: tt.path, Program: filepath.Join(dir, "bin/gw"), WorkDir: filepath.Join(dir, "work")})
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if tt.want != "" {
				want = filepath.Join(dir, tt.want)
			}
			if l.Path != want {
				t.Errorf("found %q, want %q", l.Path, want)
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := write(t, map[string]string{
		"a.yaml": "mqtt:\n  qos: 1\n bad\n", "b.toml": "x = \n", "c.json": "{", "d.xml": "", "e.yaml": "- 1\n", "f.yaml": "a: 1\na: 2\n", "g.yaml": "mqtt: {qos: 1}\n",
	})
	tests := []struct{ file, device, want string }{
		{"none.yaml", "", "no such file"},
		{"a.yaml", "", "a.yaml:2: no YAML: "},
		{"b.toml", "", "b.toml:1:5: toml:"},
		{"c.json", "", "c.json:1:1: no JSON: unexpected end"},
		{"d.xml", "", "d.xml: unknown kind of file: want .yaml"},
		{"e.yaml", "", "e.yaml:1:1: want options, name: value"},
		{"f.yaml", "", `f.yaml:2:1: key "a" is in line 1 already`},
		{"nowhere/", "", `no configuration in`},
		{"g.yaml", "lamp", `--device: only for files of the original`},
	}
	for _, tt := range tests {
		_, err := Load(Sources{Path: filepath.Join(dir, tt.file) + map[bool]string{true: "/"}[strings.HasSuffix(tt.file, "/")], Program: "gw", WorkDir: dir, DeviceType: tt.device})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", tt.file, err, tt.want)
		}
	}
}
