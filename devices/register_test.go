package devices_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heaterParams has a field of each kind that matters here.
type heaterParams struct {
	Port  string        `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
	Baud  int           `koanf:"baud" doc:"bits per second" default:"9600"`
	Every time.Duration `koanf:"every" doc:"between two polls" default:"30s"`
}

// heater is a device of which only the opening matters. It shows its parameters in its log.
type heater struct{}

func (heater) Handle(context.Context, messages.InternalMsg) error { return nil }

func (heater) Close() error { return nil }

func openHeater(_ context.Context, env devices.Env, p heaterParams) (devices.Device, error) {
	env.Log().Info("opened", "port", p.Port, "baud", p.Baud, "every", p.Every)
	return heater{}, nil
}

func init() {
	devices.Register("heater", openHeater)
	devices.Register("either", opener[either])
}

func opener[P any](context.Context, devices.Env, P) (devices.Device, error) { return heater{}, nil }

// A programmer's mistakes show when the program starts.
func TestRegisterPanics(t *testing.T) {
	for _, row := range []struct {
		name     string
		register func()
		says     string
	}{
		{"taken", func() { devices.Register("heater", openHeater) }, `type "heater" registered twice`},
		{"taken, by Add", func() { devices.Add(devices.Type{Name: "heater"}) }, `type "heater" registered twice`},
		{"no name", func() { devices.Register("", openHeater) }, "a type without a name"},
		{"no struct", func() { devices.Register("bad", opener[int]) }, `type "bad": options: int is no struct`},
		{"default of the wrong type", func() {
			devices.Register("bad", opener[struct {
				Baud int `koanf:"baud" default:"fast"`
			}])
		}, `field Baud: default "fast"`},
		{"one key twice", func() {
			devices.Register("bad", opener[struct {
				A int `koanf:"port"`
				B int `koanf:"Port"`
			}])
		}, `key "Port" is that of A too`},
		{"type that is no option", func() {
			devices.Register("bad", opener[struct {
				C chan int `koanf:"c"`
			}])
		}, "type chan int cannot be an option"},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := len(devices.Types())
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "devices: ") || !strings.Contains(got, row.says) {
					t.Errorf("panic: %s, want one that says %q", got, row.says)
				}
				if after := len(devices.Types()); after != before {
					t.Errorf("the table grew from %d types to %d", before, after)
				}
			}()
			row.register()
		})
	}
}

func TestLookup(t *testing.T) {
	if typ, err := devices.Lookup("heater"); err != nil || typ.Name != "heater" {
		t.Errorf("found %q, error %v; want heater", typ.Name, err)
	}
	_, err := devices.Lookup("haeter")
	if want := `unknown device type "haeter" (have "bare", "boiler", "bridge", "either", "given", "heater", "lamp", "made")`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTypes(t *testing.T) {
	types := devices.Types()
	if !slices.IsSortedFunc(types, func(a, b devices.Type) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("not sorted: %v", types)
	}
	i := slices.IndexFunc(types, func(typ devices.Type) bool { return typ.Name == "heater" })
	want := []devices.Param{
		{Key: "port", Type: "string", Doc: "serial port", Example: "/dev/ttyUSB0", Required: true},
		{Key: "baud", Type: "int", Doc: "bits per second", Default: "9600"},
		{Key: "every", Type: "duration", Doc: "between two polls", Default: "30s"},
	}
	if got := types[i].Params; !slices.Equal(got, want) {
		t.Errorf("parameters %+v, want %+v", got, want)
	}
}

// Wrong parameters keep a device down for good, so all that is wrong with them is said at once. It is the same for a
// device that is opened, for a type that decodes its own, and for a configuration that is only checked.
func TestParamsAreStrict(t *testing.T) {
	for _, row := range []struct {
		name   string
		params map[string]any
		says   string // "" is good
	}{
		{"all given", map[string]any{"port": "/dev/null", "baud": 300, "every": "1s"}, ""},
		{"text for all, as from an INI file", map[string]any{"PORT": "/dev/null", "baud": "300", "every": "1s"}, ""},
		{"missing", map[string]any{"baud": 300}, "port: missing: want a string, such as /dev/ttyUSB0"},
		{"none at all", nil, "port: missing: want a string, such as /dev/ttyUSB0"},
		{"misspelt", map[string]any{"port": "/dev/null", "buad": 300}, "buad: unknown option; did you mean baud?"},
		{"unknown", map[string]any{"port": "/dev/null", "colour": "red"}, "colour: unknown option; there are port, baud, every"},
		{"wrong type", map[string]any{"port": "/dev/null", "baud": "fast"}, `baud: want a whole number, have "fast"`},
		{"no unit", map[string]any{"port": "/dev/null", "every": 30}, "every: 30 has no unit: want a duration such as 30s or 500ms"},
		{
			"everything at once", map[string]any{"prot": "/dev/null", "baud": []any{1}},
			"prot: unknown option; did you mean port?; port: missing: want a string, such as /dev/ttyUSB0; baud: want a whole number, have a list",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			typ, err := devices.Lookup("heater")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(errorText(typ.Check(row.params)), "\n", "; "); got != row.says {
				t.Errorf("Check says %q, want %q", got, row.says)
			}
			d, opening := devicetest.Open("heater", row.params)
			if opening == nil {
				d.Close()
			}
			_, decoding := devices.Decode[heaterParams](row.params)
			want := row.says
			if want != "" {
				want = "wrong configuration: " + want
			}
			for by, err := range map[string]error{"Open": opening, "Decode": decoding} {
				if got := errorText(err); got != want {
					t.Errorf("%s says %q, want %q", by, got, want)
				}
				if got, want := errors.Is(err, devices.ErrConfig), row.says != ""; got != want {
					t.Errorf("%s: error %v is ErrConfig: %v, want %v", by, err, got, want)
				}
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParamsArrive(t *testing.T) {
	for _, row := range []struct {
		name   string
		params map[string]any
		line   string
	}{
		{"defaults", map[string]any{"port": "/dev/null"}, "level=INFO msg=opened port=/dev/null baud=9600 every=30s"},
		{"given", map[string]any{"port": "a b", "baud": 300, "every": "0"}, `level=INFO msg=opened port="a b" baud=300 every=0s`},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := devicetest.Start(t, "heater", row.params)
			if got, want := d.Lines(), []string{row.line}; !slices.Equal(got, want) {
				t.Errorf("logged %q, want %q", got, want)
			}
		})
	}
}

func TestDecodePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic, want one for a default of the wrong type")
		}
	}()
	devices.Decode[struct {
		Baud int `koanf:"baud" default:"fast"`
	}](nil)
}

// either is two parameters of which one is wanted.
type either struct {
	Serial string `koanf:"serial" default:""`
	Host   string `koanf:"host" default:""`
}

func (e either) Validate() error {
	if (e.Serial == "") == (e.Host == "") {
		return errors.New("want serial or host")
	}
	return nil
}

// What tags can't say, the parameters themselves do, and only once they have been read.
func TestParamsAreAsked(t *testing.T) {
	typ, err := devices.Lookup("either")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		params map[string]any
		want   string
	}{
		{map[string]any{"host": "h"}, ""},
		{nil, "want serial or host"},
		{map[string]any{"host": 5}, "host: want a string, have 5: put it in quotes"},
	} {
		got := ""
		if err := typ.Check(row.params); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%v: got %q, want %q", row.params, got, row.want)
		}
		if _, err := devices.Decode[either](row.params); (err != nil) != (row.want != "") || err != nil && !errors.Is(err, devices.ErrConfig) {
			t.Errorf("%v: decoded with %v", row.params, err)
		}
	}
}

// doubtful are parameters that may be good and likely a mistake.
type doubtful struct {
	Level int `koanf:"level"`
}

func (d doubtful) Warnings() []string {
	if d.Level > 100 {
		return []string{"level: more than anybody has"}
	}
	return nil
}

func TestWarnings(t *testing.T) {
	typ := devices.NewType("doubtful", func(context.Context, devices.Env, doubtful) (devices.Device, error) { return nil, nil })
	for level, want := range map[any]int{50: 0, 101: 1, "high": 0} { // what is wrong is a matter for Check
		if got := typ.Warnings(map[string]any{"level": level}); len(got) != want {
			t.Errorf("a level of %v is warned of by %q", level, got)
		}
	}
	if devices.NewType("sure", func(context.Context, devices.Env, struct{}) (devices.Device, error) { return nil, nil }).Warnings != nil {
		t.Error("a type without warnings has some")
	}
}
