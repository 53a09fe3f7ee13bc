package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		name   string
		files  []string
		option string // as the configuration has it
		flag   string
		want   string // below the folder
	}{
		{"beside the configuration first", []string{"etc/m.json", "work/m.json", "bin/m.json"}, "mapping: {file: m.json}", "", "etc/m.json"},
		{"then the working directory", []string{"work/m.json", "bin/m.json"}, "mapping: {file: m.json}", "", "work/m.json"},
		{"then beside the program", []string{"bin/m.json"}, "mapping: {file: m.json}", "", "bin/m.json"},
		{"up", []string{"m.json"}, "mapping: {file: ../m.json}", "", "m.json"},
		{"below", []string{"work/maps/m.json"}, "mapping: {file: maps/m.json}", "", "work/maps/m.json"},
		{"absolute", []string{"x/m.json"}, "mapping: {file: DIR/x/../x/m.json}", "", "x/m.json"},
		{"usual name", []string{"etc/gw.map"}, "gateway: {name: other}\nmapping: {file: .}", "", "etc/gw.map"},
		{"usual name in a folder", []string{"work/maps/gw.map"}, "mapping: {file: maps/}", "", "work/maps/gw.map"},
		{"usual name in an absolute folder", []string{"x/gw.map"}, "mapping: {file: DIR/x/}", "", "x/gw.map"},
		{"flags by the working directory", []string{"etc/m.json", "work/m.json"}, "", "m.json", "work/m.json"},
		{"flags beside the configuration next", []string{"etc/m.json", "bin/m.json"}, "", "m.json", "etc/m.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"work/x": "", "bin/gw": ""}
			for _, name := range tt.files {
				files[name] = "{}"
			}
			dir := write(t, files)
			path := filepath.Join(dir, "etc", "gw.yaml")
			writeFile(t, path, strings.ReplaceAll(tt.option, "DIR", dir))
			src := Sources{Path: path, Program: filepath.Join(dir, "bin/gw"), WorkDir: filepath.Join(dir, "work")}
			if tt.flag != "" {
				src.Flags = map[string]string{"mapping.file": tt.flag}
			}
			l, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(dir, tt.want); l.Config.Mapping.File != want {
				t.Errorf("got %s, want %s", l.Config.Mapping.File, want)
			}
		})
	}
}

// What outlives the process has a folder where systemd gives one, or the operator has named one for the outbox.
func TestState(t *testing.T) {
	for _, row := range []struct{ name, file, environ, want string }{
		{"nobody says anything", "", "", ""},
		{"named", "gateway: {state: here}", "STATE_DIRECTORY=/var/lib/gateway", "DIR/here"},
		{"systemd", "mqtt: {spool: spool, qos: 1}", "STATE_DIRECTORY=/var/lib/gateway", "/var/lib/gateway"},
		{"systemd, several folders", "", "STATE_DIRECTORY=/var/lib/a:/var/lib/b", "/var/lib/a"},
		{"an empty variable", "", "STATE_DIRECTORY=", ""},
		{"no folder of systemd's", "", "STATE_DIRECTORY=somewhere", ""},
		{"a spool", "mqtt: {spool: spool, qos: 1}", "", "DIR/spool-state"},
		{"a spool without effect", "mqtt: {spool: spool}", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := write(t, map[string]string{"gw.yaml": row.file})
			l, err := Load(Sources{Path: filepath.Join(dir, "gw.yaml"), Environ: []string{row.environ}})
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(row.want, "DIR", dir); l.Config.Gateway.State != want {
				t.Errorf("got %q, want %q", l.Config.Gateway.State, want)
			}
		})
	}
}

func TestMissingFileNamesAllPlaces(t *testing.T) {
	dir := write(t, map[string]string{"etc/gw.yaml": "mapping: {file: m.json}", "work/m.json/not_a_file": ""})
	_, err := Load(Sources{Path: filepath.Join(dir, "etc/gw.yaml"), Program: filepath.Join(dir, "bin/gw"), WorkDir: filepath.Join(dir, "work")})
	want := filepath.Join(dir, "etc/gw.yaml") + ":1:11: mapping.file: there is no file " + strings.Join([]string{
		filepath.Join(dir, "etc/m.json"), filepath.Join(dir, "work/m.json"), filepath.Join(dir, "bin/m.json")}, " nor ")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLogGoesBesideTheConfiguration(t *testing.T) {
	dir := write(t, map[string]string{"etc/gw.yaml": "log: {file: {path: .}}", "bin/x": ""})
	src := Sources{Path: filepath.Join(dir, "etc/gw.yaml"), Program: filepath.Join(dir, "bin/gw"), WorkDir: dir}
	for _, want := range []string{"etc/gw.log", "bin/gw.log"} {
		l, err := Load(src)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Config.Log.File.Path; got != filepath.Join(dir, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		// A log that is there already goes on, wherever that is.
		writeFile(t, filepath.Join(dir, "bin/gw.log"), "")
	}
}

func TestPasswordFile(t *testing.T) {
	tests := []struct{ name, text, want, fault string }{
		{"plain", "pa ss", "pa ss", ""},
		{"line end", "pass\n", "pass", ""},
		{"line end of Windows", "pass\r\n", "pass", ""},
		{"blanks", " pass ", " pass ", ""},
		{"bytes", "\xffpass", "\xffpass", ""},
		{"byte order mark", "\ufeffpass\n", "pass", ""},
		{"UTF-16", "\xff\xfep\x00", "", ":1:1: the file is UTF-16: want UTF-8"},
		{"two line ends", "pass\n\n", "", "pw:1:5: the password ends here, and the file goes on: want nothing else in it"},
		{"NUL", "p\x00ass\n", "", "pw:1:2: the password ends here, and the file goes on: want nothing else in it"},
		{"empty", "\n", "", "pw is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, map[string]string{"pw": tt.text})
			l, err := Load(Sources{WorkDir: dir, Flags: map[string]string{"mqtt.password_file": "pw", "mqtt.username": "me"}})
			if (err != nil) != (tt.fault != "") || err != nil && !strings.HasSuffix(err.Error(), tt.fault) {
				t.Fatalf("error %v, want %q", err, tt.fault)
			}
			if got := l.Config.MQTT.Password.Reveal(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
