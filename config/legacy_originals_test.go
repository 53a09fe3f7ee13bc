package config

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// original is one of the files that came with the original.
type original struct{ when, path, text string }

func originals(t *testing.T) (all []original) {
	t.Helper()
	text, err := os.ReadFile("testdata/originals.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if header, ok := strings.CutPrefix(line, "@ "); ok {
			when, path, _ := strings.Cut(strings.TrimSpace(header), " ")
			all = append(all, original{when: when, path: path})
		} else if option, ok := strings.CutPrefix(line, "  "); ok {
			all[len(all)-1].text += option
		}
	}
	if len(all) < 10 {
		t.Fatalf("read %d files", len(all))
	}
	return all
}

// The original's own files are read without warnings, except its lists of defaults, of which two subscribe to nothing.
func TestOriginals(t *testing.T) {
	for _, o := range originals(t) {
		t.Run(o.when+" "+o.path, func(t *testing.T) {
			dir := t.TempDir()
			for _, at := range []string{path.Dir(o.path), "data"} {
				if err := os.MkdirAll(filepath.Join(dir, at), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			here := filepath.Join(dir, o.path)
			writeFile(t, here, o.text)
			for _, name := range []string{"entry2mqtt.map", "entry_map.json", "dummy_map.json"} {
				writeFile(t, filepath.Join(filepath.Dir(here), name), "{}")
			}
			src, defaults := Sources{Path: here}, strings.HasPrefix(path.Base(o.path), "default")
			if defaults {
				src.DeviceType = "dummy"
			}
			l, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			if l.Config.Devices[0].Type != "dummy" && l.Config.Devices[0].Type != "entry" {
				t.Errorf("the device is of type %q", l.Config.Devices[0].Type)
			}
			var want []string
			if defaults && l.Config.Mapping.Topics == nil {
				want = []string{here + ": neither a map file nor topics: nothing is subscribed to"}
			}
			if !slices.Equal(l.Warnings, want) {
				t.Errorf("warnings %q, want %q", l.Warnings, want)
			}
			migratesToTheSame(t, l)
		})
	}
}

// Every option in the original's files is known.
func TestOriginalOptions(t *testing.T) {
	used := map[string]map[string]bool{}
	for _, o := range originals(t) {
		old, err := parseOld([]byte(o.text))
		if err != nil {
			t.Fatal(err)
		}
		for section, options := range old {
			if used[section] == nil {
				used[section] = map[string]bool{}
			}
			for option := range options {
				used[section][option] = true
			}
		}
	}
	for section, known := range oldOptions {
		if known == nil {
			continue
		}
		for _, option := range known {
			if !used[section][option] {
				t.Errorf("[%s] %s: the original had no such option", section, option)
			}
			delete(used[section], option)
		}
		if rest := slices.Sorted(maps.Keys(used[section])); len(rest) > 0 {
			t.Errorf("[%s]: the original had %q too", section, rest)
		}
	}
}

// The folder of the original of 2022 is searched last, for its files and for the files that they name.
func TestOldHome(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(home, ".mqttgtw")
	if err := os.MkdirAll(filepath.Join(folder, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"lamp2mqtt.cfg": "[MAP]\nmapping: on\nmapfilename: m.json\n[MQTT]\nfilename: mqtt.cfg\n[LOG]\nfilelevel: INFO\n",
		"mqtt.cfg":      "[MQTT]\nhost: broker\n",
		"m.json":        "{}",
		"here.yaml":     "mapping: {file: m.json}\n",
	} {
		writeFile(t, filepath.Join(folder, name), text)
	}
	work := write(t, map[string]string{"elsewhere.cfg": "[MAP]\nmapping: on\nmapfilename: m.json\n", "today.yaml": "mapping: {file: m.json}\n"})
	sources := func(program, path string) Sources {
		return Sources{Path: path, Program: filepath.Join(t.TempDir(), program), WorkDir: work, Home: home}
	}

	l, err := Load(sources("lamp2mqtt", ""))
	if err != nil {
		t.Fatal(err)
	}
	c := &l.Config
	if l.Path != filepath.Join(folder, "lamp2mqtt.cfg") || c.MQTT.Broker != "tcp://broker:1883" || c.Mapping.File != filepath.Join(folder, "m.json") {
		t.Errorf("found %s, the broker %s, the map %s", l.Path, c.MQTT.Broker, c.Mapping.File)
	}
	if want := filepath.Join(folder, "logs", "lamp2mqtt.log"); c.Log.File.Path != want {
		t.Errorf("the log is in %s, want %s", c.Log.File.Path, want)
	}

	for _, name := range []string{"lamp2mqtt.cfg", "here.yaml"} {
		if l, err = Load(sources("gateway", name)); err != nil || l.Path != filepath.Join(folder, name) {
			t.Errorf("--config %s: %v, found %s", name, err, l.Path)
		}
	}
	if l, err = Load(sources("lamp2mqtt", "elsewhere.cfg")); err != nil || l.Config.Mapping.File != filepath.Join(folder, "m.json") {
		t.Errorf("a file of the original's elsewhere: %v, the map is %s", err, l.Config.Mapping.File)
	}
	if _, err = Load(sources("gateway", "today.yaml")); err == nil || strings.Contains(err.Error(), folder) {
		t.Errorf("a file of today's finds its map in the original's folder: %v", err)
	}

	writeFile(t, filepath.Join(work, "lamp2mqtt.conf"), "")
	if l, err = Load(sources("lamp2mqtt", "")); err != nil || filepath.Dir(l.Path) != work {
		t.Errorf("beside one in the working directory: %v, found %s", err, l.Path)
	}
}

// The name of the original's application was that of its program, whatever its file was called.
func TestLegacyNames(t *testing.T) {
	for _, tt := range []struct{ program, file, device, name, typ, fault string }{
		{"gateway", "lamp2mqtt.conf", "", "lamp2mqtt", "lamp", ""},
		{"lamp2mqtt", "house.conf", "", "lamp2mqtt", "lamp", ""},
		{"lamp2mqtt", "test2mqtt.cfg", "", "lamp2mqtt", "lamp", ""},
		{"lamp2mqtt", "house.conf", "radio", "lamp2mqtt", "radio", ""},
		{"2mqtt", "lamp2mqtt.conf", "", "lamp2mqtt", "lamp", ""},
		{"gateway", "house.conf", "", "", "", "house.conf: the name does not tell the device: want a name such as dummy2mqtt.conf, or --device"},
	} {
		dir := write(t, map[string]string{tt.file: "[MAP]\nmapping: on\nmapfilename: ..\n[LOG]\nlogfilename: .\n"})
		writeFile(t, filepath.Join(filepath.Dir(dir), tt.name+".map"), "{}")
		src := Sources{Path: filepath.Join(dir, tt.file), Program: "/bin/" + tt.program, DeviceType: tt.device}
		l, err := Load(src)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s reads %s: %v, want %s", tt.program, tt.file, err, tt.fault)
			}
			src.AnyDevice = true
			if l, err = Load(src); strings.Contains(err.Error(), tt.fault) || l.Config.Devices[0].Name != "house" {
				t.Errorf("%s reads %s, and any device will do: %v", tt.program, tt.file, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s reads %s: %v", tt.program, tt.file, err)
			continue
		}
		c := &l.Config
		if c.Gateway.Name != tt.name || c.Devices[0].Type != tt.typ || filepath.Base(c.Log.File.Path) != tt.name+".log" ||
			c.Mapping.File != filepath.Join(filepath.Dir(dir), tt.name+".map") {
			t.Errorf("%s reads %s: the gateway is %s, the device %s, the log %s, the map %s", tt.program, tt.file,
				c.Gateway.Name, c.Devices[0].Type, c.Log.File.Path, c.Mapping.File)
		}
	}
}

// Files that are named in a file may be missing if only the words of that file are needed.
func TestIncomplete(t *testing.T) {
	dir := write(t, map[string]string{
		"lamp2mqtt.conf": "[MQTT]\nfilename: mqtt.conf\n[MAP]\nmapping: on\nmapfilename: ../maps/\n",
	})
	l, err := Load(Sources{Path: filepath.Join(dir, "lamp2mqtt.conf"), Incomplete: true})
	if err != nil || len(l.Warnings) != 2 || !strings.HasPrefix(l.Warnings[0], "[MQTT] filename: there is no file ") ||
		!strings.HasPrefix(l.Warnings[1], "[MAP] mapfilename: there is no file ") {
		t.Fatalf("%v, warnings %q", err, l.Warnings)
	}
	if got, want := string(l.Config.YAML(dir)), "file: ../maps/lamp2mqtt.map\n"; !strings.Contains(got, want) {
		t.Errorf("lacks %q:\n%s", want, got)
	}
}
