// Each profile is opened as a device of each of its types, at a counterpart that plays its recording, and has to give the values that
// stand beside the recording. What a recording has of what is sent and answered depends on the type: counterpart_test.go says what.
package profiles_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/exec"
	_ "github.com/mqttgateway/mqttgateway/devices/feed"
	_ "github.com/mqttgateway/mqttgateway/devices/http"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	_ "github.com/mqttgateway/mqttgateway/devices/serial"
	_ "github.com/mqttgateway/mqttgateway/devices/snmp"
	_ "github.com/mqttgateway/mqttgateway/devices/tcp"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/profile"
	"github.com/mqttgateway/mqttgateway/profiles"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var library = profile.Library{Shipped: profiles.Files}

// own is what a user of a profile gives in a test beside what the counterpart needs.
var own = map[string]map[string]any{
	"ds18b20":         {"sensor": "28-000005e2fdc3"},
	"rtl433-nexus-th": {"id": 171},
	"sml":             {"phases": true},
	"eastron-sdm120":  {"prefix": "cellar_"},
	"sunspec":         {"every": "1s"},
	"shelly-gen1":     {"points": []any{map[string]any{"id": "relay_0", "words": map[string]any{"true": "LIGHT_ON", "false": "LIGHT_OFF"}}}},
	"denon-avr":       {"pause": "10ms"},
	"pjlink":          {"pause": "10ms"},
}

// asked are values that entities are set to, one after the other. Whatever is sent has to stand in the recording.
var asked = map[string][]struct {
	id      string
	value   any
	refused bool
}{
	"denon-avr":   {{"power", false, false}, {"volume", 42, false}, {"volume", 42.5, false}, {"volume", 98.5, true}, {"input", "TUNER", false}, {"input", "VCR", true}},
	"pjlink":      {{"power", false, false}, {"input", "32", false}, {"mute", true, true}},
	"shelly-gen1": {{"relay_0", false, false}},
	"shelly-gen2": {{"relay_0", true, false}},
}

func TestReplay(t *testing.T) {
	for _, name := range library.Names() {
		p, err := library.Find(name)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, typ := range p.Of {
			t.Run(name+"/"+typ, func(t *testing.T) {
				t.Parallel()
				replay(t, p, typ)
			})
		}
	}
}

func replay(t *testing.T, p *profile.Profile, typ string) {
	file, err := os.Open(filepath.Join(p.Name, "recording.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := recording.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	given := counterparts[typ](t, p.Name, entries)
	maps.Copy(given, own[p.Name])
	params, err := p.Render(typ, given)
	if err != nil {
		t.Fatal(err)
	}
	of, err := devices.Lookup(typ)
	if err != nil {
		t.Fatal(err)
	}
	if err := of.Check(params); err != nil {
		t.Fatalf("it is wrong: %v", err)
	}
	if of.Warnings != nil {
		for _, warning := range of.Warnings(params) {
			t.Errorf("check warns: %s", warning)
		}
	}
	d := devicetest.Start(t, typ, params)
	prefix, _ := own[p.Name]["prefix"].(string)
	var all []entity.Entity // which the type knows of
	if of.Describe != nil {
		description, err := of.Describe(params)
		if err != nil && !errors.Is(err, devices.ErrOnlyOpening) {
			t.Fatal(err)
		}
		all = description.Entities
	}
	hear(t, d, all, filepath.Join(p.Name, "values.json"), prefix)
	for _, ask := range asked[p.Name] {
		if err := d.Set(ask.id, ask.value); (err != nil) != ask.refused {
			t.Errorf("%s is set to %v: %v", ask.id, ask.value, err)
		}
	}
}

// hear waits for the values in a file, which has one for each entity that is not hidden.
func hear(t *testing.T, d *devicetest.Device, all []entity.Entity, path, prefix string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		if err := d.Await(prefix+id, values[id], 10*time.Second); err != nil {
			t.Error(err)
		}
	}
	for _, e := range all {
		if _, there := values[e.ID[len(prefix):]]; !there && !e.Hidden && e.Kind.HasValue() {
			t.Errorf("%s has no value in %s", e.ID, path)
		}
	}
}

// A profile has a recording, values, and nothing that nobody knows of beside them.
func TestFolders(t *testing.T) {
	folders, err := fs.ReadDir(os.DirFS("."), ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		name := folder.Name()
		names = append(names, name)
		var files []string
		inside, _ := fs.ReadDir(os.DirFS(name), ".")
		for _, file := range inside {
			files = append(files, file.Name())
		}
		want := []string{name + ".yaml", "recording.jsonl", "values.json"}
		slices.Sort(want)
		if !slices.Equal(files, want) {
			t.Errorf("%s has %q, want %q", name, files, want)
		}
	}
	if shipped := library.Names(); !slices.Equal(names, shipped) {
		t.Errorf("the program has %q, and the folders are %q", shipped, names)
	}
}

// What docs/profiles.md shows as a profile is one for each of its types, and it lists those that the program has.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(text), "```yaml\nprofile: ")
	shown, _, _ = strings.Cut("profile: "+shown, "```")
	p, err := profile.Parse("docs/profiles.md", []byte(shown))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]map[string]any{"tcp": p.Example, "serial": {"port": "/dev/ttyUSB0"}}
	for _, name := range p.Of {
		typ, err := devices.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		params, err := p.Render(name, given[name])
		if err == nil {
			err = typ.Check(params)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if warnings := typ.Warnings(params); len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
	}
	for _, name := range library.Names() {
		if !strings.Contains(string(text), "| `"+name+"` |") {
			t.Errorf("docs/profiles.md does not list %s", name)
		}
	}
}
