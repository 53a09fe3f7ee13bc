package wanted

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/profile"
)

func init() {
	type slave struct {
		Line lines.Ref `koanf:"line"`
		Unit int       `koanf:"unit" default:"1"`
	}
	devices.Register("slave", func(context.Context, devices.Env, slave) (devices.Device, error) { return nil, nil })
	type printer struct {
		Line string `koanf:"line"`
	}
	devices.Register("printer", func(context.Context, devices.Env, printer) (devices.Device, error) { return nil, nil })
}

// read returns the lines and devices of a configuration.
func read(t *testing.T, yaml string) *config.Config {
	t.Helper()
	c, err := config.ParseLists(yaml)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

const cellar = `
lines:
  - {name: attic, protocol: p}
  - {Name: cellar, protocol: p, baud: 9600}
devices:
`

// Each row has the parameters of a device of a type, and what they are when they are complete.
func TestLines(t *testing.T) {
	definition := map[string]any{"Name": "cellar", "protocol": "p", "baud": 9600}
	for _, row := range []struct {
		typ, params string
		want        map[string]any
		line        int
		key         string // of line.baud
	}{
		{"slave", "{line: cellar, unit: 2}", map[string]any{"line": definition, "unit": 2}, 1, "lines[1].baud"},
		{"slave", "{LINE: cellar}", map[string]any{"LINE": definition}, 1, "lines[1].baud"},
		{"slave", "{line: {protocol: p}}", map[string]any{"line": map[string]any{"protocol": "p"}}, -1, "devices[0].params.line.baud"},
		{"slave", "{unit: 3}", map[string]any{"unit": 3}, -1, "devices[0].params.line.baud"},
		{"printer", "{line: cellar}", map[string]any{"line": "cellar"}, -1, "devices[0].params.line.baud"},
		{"nobody knows", "{line: cellar}", map[string]any{"line": "cellar"}, -1, "devices[0].params.line.baud"},
	} {
		c := read(t, cellar+"  - {name: a, type: "+row.typ+", params: "+row.params+"}")
		written := c.Devices[0].Params["line"]
		list, err := Devices(c, profile.Library{})
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0].Params, row.want) {
			t.Errorf("%s: %v, %v", row.params, list, err)
			continue
		}
		d := &list[0]
		if i, ok := d.Line(); i != row.line || ok != (row.line >= 0) {
			t.Errorf("%s: line %d, %t", row.params, i, ok)
		}
		if ref, ok := d.Ref(); ok != (row.typ == "slave" && row.params != "{unit: 3}") || ok && ref.Protocol() != "p" {
			t.Errorf("%s: %v, %t", row.params, ref, ok)
		}
		for parameter, want := range map[string]string{"": "devices[0].params", "line.baud": row.key, "line": "devices[0].params.line", "liner.x": "devices[0].params.liner.x"} {
			if got := d.Key(parameter); got != want {
				t.Errorf("%s: the key of %q is %s, want %s", row.params, parameter, got, want)
			}
		}
		if !reflect.DeepEqual(c.Devices[0].Params["line"], written) {
			t.Errorf("%s: the configuration has changed", row.params)
		}
	}
}

// A device that can't be completed is left out; all faults come at once.
func TestFaults(t *testing.T) {
	c := read(t, cellar+`
  - {name: a, type: slave, params: {line: celar}}
  - {name: b, type: slave, params: {line: cellar}}
  - {name: c, type: slave, params: {line: roof}}
`)
	list, err := Devices(c, profile.Library{})
	want := []string{
		`devices[0].params.line: there is no line "celar"; did you mean cellar?`,
		`devices[2].params.line: there is no line "roof" (have attic, cellar)`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") || len(list) != 1 || list[0].Name != "b" {
		t.Errorf("%v, %v", list, err)
	}
	_, err = Devices(read(t, "devices: [{name: a, type: slave, params: {line: x}}]"), profile.Library{})
	if want := `devices[0].params.line: there is no line "x", for the section lines: is missing`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A device changes when its line does, and no other.
func TestChanged(t *testing.T) {
	both := "devices: [{name: a, type: slave, params: {line: one}}, {name: b, type: slave, params: {line: two}}]"
	was, _ := Devices(read(t, "lines: [{name: one, protocol: p, baud: 1}, {name: two, protocol: p}]\n"+both), profile.Library{})
	is, _ := Devices(read(t, "lines: [{name: two, protocol: p}, {name: one, protocol: p, baud: 2}]\n"+both), profile.Library{})
	if got := was[0].Changes(is[0].Device); !reflect.DeepEqual(got, []string{"params.line.baud"}) {
		t.Errorf("a: %q", got)
	}
	if got := was[1].Changes(is[1].Device); len(got) > 0 {
		t.Errorf("b: %q", got)
	}
}

// The devices of a configuration in which none has to be completed are not copied.
func TestCompleteCopiesNothing(t *testing.T) {
	c := &config.Config{Devices: []config.Device{{Name: "a", Type: "dummy"}, {Name: "b", Type: "dummy"}}}
	list, err := Devices(c, profile.Library{})
	if err != nil {
		t.Fatal(err)
	}
	if all := Complete(list); len(all) != 2 || &all[0] != &c.Devices[0] {
		t.Errorf("%+v, want the configuration's own", all)
	}
	if some := Complete(list[1:]); len(some) != 1 || some[0].Name != "b" {
		t.Errorf("%+v, want b alone", some)
	}
}
