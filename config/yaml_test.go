package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// plainExample returns the example of the default configuration.
func plainExample() string {
	c := Default()
	return Example(&c)
}

func TestExampleIsTheDefault(t *testing.T) {
	l, err := loadYAML(t, plainExample())
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Gateway.Name = "gw" // of gw.yaml
	if !reflect.DeepEqual(l.Config, want) {
		t.Errorf("got  %+v\nwant %+v", l.Config, want)
	}
	for _, f := range Flags() {
		if !l.Given(f.Key) && f.Key != "mapping.topics" {
			t.Errorf("%s is missing", f.Key)
		}
		if !strings.Contains(words(strings.ReplaceAll(plainExample(), "#", "")), words(strings.ReplaceAll(f.Doc, "#", ""))) {
			t.Errorf("the meaning of %s is missing", f.Key)
		}
	}
}

// words removes line breaks and indentation.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// Without its comment signs, the example has a device with every option.
func TestExampleDevice(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^# ( *(- )?[a-z_]+:.*)$`)
	text := plainExample()
	section := text[strings.Index(text, "# devices:"):strings.Index(text, "\ndevices: []")]
	l, err := loadYAML(t, commented.ReplaceAllString(section, "$1"))
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultDevice()
	want.Name, want.Type, want.Params = "lamp", "dummy", map[string]any{"port": "/dev/tty"}
	if len(l.Config.Devices) != 1 || !reflect.DeepEqual(l.Config.Devices[0], want) {
		t.Errorf("got  %+v\nwant %+v\nfrom\n%s", l.Config.Devices, want, section)
	}
}

// Example writes values that differ from the defaults, and the defaults beside them.
func TestExampleOfAChoice(t *testing.T) {
	want := Default()
	want.Gateway.Name = "me"
	want.MQTT.Broker, want.MQTT.Outbox.Size, want.Mapping.Root, want.Mapping.Topics = Embedded, 5*MB, "home", []string{"home/#", "a, b"}
	one, two := DefaultDevice(), DefaultDevice()
	one.Name, one.Type, one.Params = "radio", "dummy", map[string]any{"port": "none", "n": 3}
	two.Name, two.Type, two.AnswersTo.Location, two.Timeout = "lamp", "raw", []string{"Kitchen"}, time.Minute
	want.Devices = []Device{one, two}
	want.Lines = []Line{{"protocol": "modbus-rtu", "name": "cellar", "baud": 9600}, {"name": "plc", "protocol": "modbus-tcp", "address": "plc:502"}}
	text := Example(&want)
	l, err := loadYAML(t, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if changed := want.Changes(&l.Config); len(changed) > 0 || !reflect.DeepEqual(l.Config.Devices, want.Devices) || !reflect.DeepEqual(l.Config.Lines, want.Lines) {
		t.Errorf("%q, lines or devices are different in\n%s", changed, text)
	}
	for _, part := range []string{"for trying things out; the default is tcp://127.0.0.1:1883 broker: embedded ", "; the default is 16MB size: 5MB "} {
		if !strings.Contains(words(strings.ReplaceAll(text, "#", "")), part) {
			t.Errorf("lacks %q:\n%s", part, text)
		}
	}
}

func TestYAMLLoadsToTheSame(t *testing.T) {
	first, err := loadYAML(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(first.Path)
	for written, folder := range map[string]string{dir: dir, t.TempDir(): ""} {
		text := string(first.Config.YAML(folder))
		if strings.Contains(text, "swordfish") {
			t.Errorf("the password of a file is shown:\n%s", text)
		}
		if folder == dir && strings.Contains(text, dir) {
			t.Errorf("paths are not relative:\n%s", text)
		}
		path := filepath.Join(written, "other.yaml")
		writeFile(t, path, text)
		second, err := Load(Sources{Path: path})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(first.Config, second.Config) {
			t.Errorf("got  %+v\nwant %+v\n%s", second.Config, first.Config, text)
		}
	}
}

func TestYAMLSaysNoMoreThanNeeded(t *testing.T) {
	c := Default()
	c.Gateway.Name = "gw"
	c.MQTT.Password = "swordfish" // of no file: without it the configuration would be another
	c.Devices = []Device{{Name: "1", Type: "true", Reply: ReplyAddressed, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 1000, Retry: Retry{Min: time.Second, Max: time.Minute}, Params: map[string]any{"a": "yes: no"}}}
	want := `gateway:
  name: gw
mqtt:
  broker: tcp://127.0.0.1:1883
  password: swordfish
devices:
  - name: "1"
    type: "true"
    params:
      a: "yes: no"
`
	if got := string(c.YAML("")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSettings(t *testing.T) {
	l, err := loadYAML(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	l.Config.Devices[0].Params = map[string]any{
		"port": "/dev/tty", "API-Key": "swordfish", "auth": map[string]any{"Password": "swordfish", "user": "me  you"},
		"hosts": []any{map[string]any{"token": "swordfish"}}, "lines": "a\nb", "apikey": "swordfish", "pass": "",
		"url": "rtsp://me:swordfish@camera:554/1",
	}
	got := map[string]string{}
	for _, s := range l.Config.Settings(unknownLines, unknownDevices) {
		if _, twice := got[s.Key]; twice || strings.Contains(s.Value, "\n") {
			t.Errorf("%s comes twice or in several lines: %q", s.Key, s.Value)
		}
		got[s.Key] = s.Value
	}
	want := map[string]string{
		"gateway.name": "dummy2mqtt", "mqtt.client_id": `"007"`, "mqtt.password": `"******"`, "mqtt.keepalive": "90s", "mqtt.clean_session": "false",
		"mqtt.max_packet": "64KB", "log.level": "none", "log.email.to": `["b@example.com"]`, "mapping.root": `""`,
		"devices[0].answers_to.location": "[Kitchen, Office]", "devices[0].params.port": "/dev/tty", "devices[0].params.auth.user": `"me  you"`,
		"devices[0].params.auth.Password": `"******"`, "devices[0].params.hosts": `[{token: "******"}]`, "devices[0].params.lines": `"a\nb"`,
		"devices[0].params.url": `"rtsp://******@camera:554/1"`, "devices[0].params.pass": `""`, "devices[1].mailbox": "5",
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s = %s, want %s", key, got[key], value)
		}
	}
	for _, f := range Flags() {
		if _, ok := got[f.Key]; !ok {
			t.Errorf("%s is missing", f.Key)
		}
	}
	if strings.Contains(fmt.Sprint(got), "swordfish") {
		t.Errorf("a secret is shown: %v", got)
	}
	if text := fmt.Sprintf("%v %+v %#v", l.Config.MQTT, l.Config.MQTT, l.Config.MQTT); strings.Contains(text, "swordfish") {
		t.Errorf("the password is printed with the rest: %s", text)
	}
}

// unknownLines is a config.LineFields that knows no protocol.
func unknownLines(string) ([]options.Field, bool) { return nil, false }

// unknownDevices is a config.DeviceFields that knows no type.
func unknownDevices(Device) ([]options.Field, bool) { return nil, false }
