package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Lines are read as they are written, and written as they are read; files that they name are found beside the configuration.
func TestLines(t *testing.T) {
	dir := write(t, map[string]string{"pw": "", "gw.yaml": `
mapping: {topics: [a]}
lines:
  - {Name: cellar, PROTOCOL: modbus-rtu, port: /dev/ttyUSB0, baud: 9600, tls: {key_file: pw}}
  - {name: radio, protocol: feed, run: [rtl_433, -F, json]}
`})
	l, err := Load(Sources{Path: filepath.Join(dir, "gw.yaml"), WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{"Name": "cellar", "PROTOCOL": "modbus-rtu", "port": "/dev/ttyUSB0", "baud": 9600, "tls": map[string]any{"key_file": filepath.Join(dir, "pw")}},
		{"name": "radio", "protocol": "feed", "run": []any{"rtl_433", "-F", "json"}},
	}
	if got := l.Config.Lines; !reflect.DeepEqual(got, want) || got[0].Name() != "cellar" || got[0].Protocol() != "modbus-rtu" {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	text := string(l.Config.YAML(""))
	again, err := loadYAML(t, text)
	if err != nil || !reflect.DeepEqual(again.Config.Lines, want) || !strings.Contains(text, "- {Name: cellar, PROTOCOL: modbus-rtu, baud: 9600, ") {
		t.Errorf("%v: written as\n%s", err, text)
	}
	if changed := l.Config.Changes(&again.Config); len(changed) > 0 {
		t.Errorf("changed: %q", changed)
	}
}

// What is secret in the options of a line its protocol knows, and otherwise their names tell.
func TestSecretsOfLines(t *testing.T) {
	c := Default()
	c.Lines = []Line{
		{"name": "one", "protocol": "known", "pin": "4711", "port": "p", "prot": "4711"},
		{"name": "two", "protocol": "unknown", "password": "4711", "port": "q"},
	}
	place := map[string]any{"protocol": "known", "pin": "4711", "port": "p"}
	c.Devices = []Device{{Name: "a", Type: "x", Params: map[string]any{"LINE": place}}, {Name: "b", Type: "x", Params: map[string]any{"other": place}}}
	var got []Setting
	for _, s := range c.Settings(func(protocol string) ([]options.Field, bool) {
		return []options.Field{{Key: "pin", Secret: true}, {Key: "port"}}, protocol == "known"
	}, unknownDevices) {
		if strings.HasPrefix(s.Key, "lines") || strings.Contains(s.Key, ".params.") {
			got = append(got, s)
		}
	}
	want := []Setting{
		{"lines[0].name", "one"}, {"lines[0].pin", `"******"`}, {"lines[0].port", "p"}, {"lines[0].prot", `"******"`}, {"lines[0].protocol", "known"},
		{"lines[1].name", "two"}, {"lines[1].password", `"******"`}, {"lines[1].port", "q"}, {"lines[1].protocol", "unknown"},
		{"devices[0].params.LINE.pin", `"******"`}, {"devices[0].params.LINE.port", "p"}, {"devices[0].params.LINE.protocol", "known"},
		{"devices[1].params.other.pin", `"4711"`}, {"devices[1].params.other.port", "p"}, {"devices[1].params.other.protocol", "known"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestFaultsOfLines(t *testing.T) {
	for yaml, want := range map[string]string{
		"lines: [{protocol: p}]":                   "lines[0].name: missing: want a text, by which devices name the line",
		"lines: [{name: 7}]":                       "lines[0].name: missing: want a text, by which devices name the line",
		"lines: [{name: a}, {name: b}, {NAME: a}]": `lines[2].name: lines[0] is called "a" already`,
		"lines: [cellar]":                          `lines[0]: want a section, have text`,
		"lines: {cellar: {port: a}}":               "lines: want a list, have a section",
	} {
		_, err := loadYAML(t, "mapping: {topics: [a]}\n"+yaml)
		if err == nil || !strings.Contains(err.Error(), want) && err.Error() != want {
			t.Errorf("%s: %v\nwant %s", yaml, err, want)
		}
	}
	_, err := Load(Sources{Environ: []string{"MQTTGATEWAY_LINES=cellar"}})
	if want := "environment: MQTTGATEWAY_LINES: lines are listed in a file"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The line that the plain example shows in comments is one.
func TestExampleLine(t *testing.T) {
	text := plainExample()
	section := text[strings.Index(text, "# lines:"):strings.Index(text, "\nlines: []")]
	l, err := loadYAML(t, "mapping: {topics: [a]}\n"+strings.ReplaceAll(section, "# ", ""))
	if err != nil || len(l.Config.Lines) != 1 || l.Config.Lines[0].Name() != "cellar" {
		t.Errorf("%v\n%s", err, section)
	}
}
