package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

func TestExposedFiles(t *testing.T) {
	const (
		byFile = "mqtt: {username: me, password_file: pw}"
		byKey  = "mqtt: {broker: 'ssl://h:1', tls: {cert_file: cert, key_file: key}}"
		inside = "embedded: {users_file: pw}"
		inline = "mqtt: {username: me, password: swordfish}"
	)
	tests := []struct {
		name, yaml string
		modes      map[string]os.FileMode // of files that are not 0600
		want       []string               // DIR stands for their folder
	}{
		{"nobody else", byFile, nil, nil},
		{"the group may", byFile, map[string]os.FileMode{"pw": 0o640}, nil},
		{"others", byFile, map[string]os.FileMode{"pw": 0o644}, []string{"mqtt.password_file: others can read DIR/pw (mode 0644): want 0600, or 0640"}},
		{"others, but not the group", byFile, map[string]os.FileMode{"pw": 0o604}, []string{"mqtt.password_file: others can read DIR/pw (mode 0604): want 0600, or 0640"}},
		{"a key", byKey, map[string]os.FileMode{"key": 0o444, "cert": 0o644}, []string{"mqtt.tls.key_file: others can read DIR/key (mode 0444): want 0600, or 0640"}},
		{"users", inside, map[string]os.FileMode{"pw": 0o666}, []string{"embedded.users_file: others can read DIR/pw (mode 0666): want 0600, or 0640"}},
		{"the configuration without a password", byFile, map[string]os.FileMode{"gw.yaml": 0o644}, nil},
		{"the configuration with one", inline, map[string]os.FileMode{"gw.yaml": 0o644}, []string{"mqtt.password: others can read DIR/gw.yaml (mode 0644): want 0600, or 0640"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, map[string]string{"gw.yaml": "mapping: {topics: [a]}\n" + tt.yaml, "pw": "swordfish", "key": "k", "cert": "c"})
			for name, mode := range tt.modes {
				if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
					t.Fatal(err)
				}
			}
			l, err := Load(Sources{Path: filepath.Join(dir, "gw.yaml")})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(tt.want)
			for i := range want {
				want[i] = strings.ReplaceAll(want[i], "DIR", dir)
			}
			if !slices.Equal(l.Warnings, want) {
				t.Errorf("got  %q\nwant %q", l.Warnings, want)
			}
		})
	}
}

// A password from the environment or the command line is not in the file, and the file's mode does not matter.
func TestPasswordFromElsewhere(t *testing.T) {
	dir := write(t, map[string]string{"gw.yaml": "mapping: {topics: [a]}\nmqtt: {username: me}\n"})
	path := filepath.Join(dir, "gw.yaml")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]Sources{
		"environment": {Path: path, Environ: []string{"MQTTGATEWAY_MQTT_PASSWORD=swordfish"}},
		"flag":        {Path: path, Flags: map[string]string{"mqtt.password": "swordfish"}},
	} {
		l, err := Load(src)
		if err != nil || len(l.Warnings) > 0 {
			t.Errorf("%s: warnings %q, %v", name, l.Warnings, err)
		}
	}
}

// Whatever is wrong with a configuration, no error repeats a password.
func TestFaultsShowNoSecrets(t *testing.T) {
	for name, text := range map[string]string{
		"token.yaml":   "mqtt: {broker: 'ws://h:1/mqtt?token=swordfish', tls: {server_name: x}}",
		"host.yaml":    "mqtt: {broker: 'wss:///mqtt?token=swordfish'}",
		"scheme.yaml":  "mqtt: {broker: 'mqtts://h/mqtt?token=swordfish'}",
		"port.yaml":    "mqtt: {broker: 'ws://h:99999/mqtt?token=swordfish'}",
		"address.yaml": "mqtt: {broker: 'h/mqtt?token=swordfish'}",
		"user.yaml":    "mqtt: {broker: 'ftp://me:swordfish@h'}",
		"noat.yaml":    "mqtt: {broker: 'tcp://me:swordfish'}",
		"slash.yaml":   "mqtt: {broker: 'tcp://me:x/swordfish@h'}",
		"part.yaml":    "mqtt: {broker: 'mqtts://h/mqtt;token=swordfish'}",
		"hash.yaml":    "mqtt: {broker: 'mqtts://h/mqtt#token=swordfish'}",
		"list.yaml":    "mqtt: {username: me, password: [swordfish]}",
		"text.yaml":    "swordfish",
		"alias.yaml":   "mqtt: {username: me, password: *swordfish}",
		"open.yaml":    "mqtt: {username: me, password: \"swordfish",
		"bare.toml":    "[mqtt]\npassword = swordfish\n",
		"bare.json":    `{"mqtt": {"password": swordfish}}`,
		"colon.conf":   "[INTERFACE]\npassword swordfish\n",
		"early.conf":   "password: swordfish\n[MQTT]\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{name: text})
			_, err := Load(Sources{Path: filepath.Join(dir, name), DeviceType: map[bool]string{true: "dummy"}[strings.HasSuffix(name, ".conf")]})
			if err == nil || strings.Contains(err.Error(), "swordfish") {
				t.Errorf("got %v, want an error without the secret", err)
			}
		})
	}
}

// If a value stands in the place of a section, the error does not show the value: it may be the secret that belongs
// into the section. The test tries every section.
func TestFaultsShowNoValueOfASection(t *testing.T) {
	places := map[string]bool{}
	for _, f := range options.Fields(Config{}) {
		for key := f.Key; strings.Contains(key, "."); {
			key = key[:strings.LastIndexByte(key, '.')]
			places[key] = true
		}
	}
	for _, f := range options.Fields(Device{}) {
		if section, _, below := strings.Cut(f.Key, "."); below || f.Key == "params" {
			places["devices[0]."+section] = true
		}
	}
	places["devices"], places["devices[0]"] = true, true
	if len(places) < 15 {
		t.Errorf("only these places are tried: %v", places)
	}
	for place := range places {
		for _, secret := range []string{`"swordfish"`, "4711", `["swordfish", 4711]`} {
			raw := jsonAt(place, secret)
			for _, name := range []string{"x.yaml", "x.json"} { // JSON is YAML
				dir := write(t, map[string]string{name: raw})
				_, err := Load(Sources{Path: filepath.Join(dir, name)})
				if err == nil {
					t.Errorf("%s is taken", raw)
				} else if said := strings.ReplaceAll(err.Error(), dir, ""); strings.Contains(said, "swordfish") || strings.Contains(said, "4711") {
					t.Errorf("%s: %s shows it", raw, said)
				}
			}
		}
	}
}

// jsonAt is a document with a value at a place: "devices[0].params".
func jsonAt(place, value string) string {
	key, rest, below := strings.Cut(place, ".")
	if below {
		value = jsonAt(rest, value)
	}
	if name, ok := strings.CutSuffix(key, "[0]"); ok {
		return `{"` + name + `": [` + value + `]}`
	}
	return `{"` + key + `": ` + value + `}`
}

func TestSettingsHideTokens(t *testing.T) {
	c := Default()
	c.Devices = []Device{{Name: "box", Params: map[string]any{"urls": []any{"http://h/x?key=swordfish", "http://me:swordfish@h", "http://h/x#swordfish", "http://h/x;swordfish", "me:swordfish@h"}}}}
	for _, s := range c.Settings(unknownLines, unknownDevices) {
		if strings.Contains(s.Value, "swordfish") {
			t.Errorf("%s shows %s", s.Key, s.Value)
		}
	}
}
