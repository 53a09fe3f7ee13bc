package wanted

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/profile"
)

func init() {
	type item struct {
		ID string `koanf:"id"`
	}
	type meter struct {
		Line   lines.Ref `koanf:"line"`
		Every  string    `koanf:"every" default:""`
		Points []item    `koanf:"points"`
	}
	devices.Register("meter", func(context.Context, devices.Env, meter) (devices.Device, error) { return nil, nil })
	type plane struct {
		Profile string `koanf:"profile"`
	}
	devices.Register("plane", func(context.Context, devices.Env, plane) (devices.Device, error) { return nil, nil })
}

// shelfOf has one profile.
func shelfOf(text string) profile.Library {
	return profile.Library{Shipped: fstest.MapFS{"sdm/sdm.yaml": {Data: []byte(text)}}}
}

// errWrong is what a type says of a parameter.
var errWrong = errors.New("wrong")

const sdm = `profile: sdm
of: meter
params: {prefix: {doc: of ids, default: p_}}
defaults: {every: 10s}
points: [{id: '{{.prefix}}power'}]
`

// A device has what its profile gives, and no profile. What a type calls profile is its own business.
func TestProfiles(t *testing.T) {
	type params = map[string]any
	for written, want := range map[string]params{
		"{name: a, type: meter, params: {profile: sdm, line: attic}}": {
			"every": "10s", "points": []any{params{"id": "p_power"}}, "line": params{"name": "attic", "protocol": "p"},
		},
		"{name: a, type: meter, params: {Profile: sdm, EVERY: 1s, prefix: '', points: [{id: power, hidden: true}]}}": {
			"every": "1s", "points": []any{params{"id": "power", "hidden": true}},
		},
		"{name: a, type: meter, params: {every: 2s}}":         {"every": "2s"},
		"{name: a, type: plane, params: {profile: flat}}":     {"profile": "flat"},
		"{name: a, type: unheard of, params: {profile: sdm}}": {"profile": "sdm"},
	} {
		list, err := Devices(read(t, cellar+"  - "+written), shelfOf(sdm))
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0].Params, want) {
			t.Errorf("%s: %v, %v, want %v", written, list, err, want)
		}
	}
}

// A fault is told where somebody can mend it: at what the operator wrote, or in the profile.
func TestFaultsWithProfiles(t *testing.T) {
	c := read(t, cellar+"  - {name: a, type: meter, params: {profile: sdm, line: cellar, points: [{id: x}, {id: p_power, kind: y}]}}")
	list, err := Devices(c, shelfOf(sdm))
	if err != nil {
		t.Fatal(err)
	}
	for parameter, want := range map[string]string{
		"":               "devices[0].params: wrong",
		"line.baud":      "lines[1].baud: wrong",
		"points[0].kind": "devices[0].params.points[1].kind: wrong",
		"points[0].id":   "devices[0].params.profile: built in: sdm/sdm.yaml:5:11: points[0].id: wrong",
		"points[1].id":   "devices[0].params.points[0].id: wrong",
		"every":          "devices[0].params.profile: built in: sdm/sdm.yaml:4:12: defaults.every: wrong",
	} {
		if got := list[0].Fault(parameter, errWrong).Error(); got != want {
			t.Errorf("%s: %s, want %s", parameter, got, want)
		}
	}
	for params, want := range map[string]string{
		"{profile: sdn}":                                   `devices[0].params.profile: unknown profile "sdn"; did you mean sdm?`,
		"{profile: 1}":                                     "devices[0].params.profile: 1, want the name of a profile",
		"{profile: sdm, prefix: 1}":                        "devices[0].params.prefix: want a string, have 1: put it in quotes",
		"{profile: sdm, line: roof}":                       `devices[0].params.line: there is no line "roof" (have attic, cellar)`,
		"{profile: sdm, points: {}, Every: 1s, every: 2s}": "devices[0].params.points: want a list of points\ndevices[0].params.every: given twice, also as Every",
	} {
		if _, err := Devices(read(t, cellar+"  - {name: a, type: meter, params: "+params+"}"), shelfOf(sdm)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", params, err, want)
		}
	}
	_, err = Devices(c, shelfOf(strings.Replace(sdm, "{{.prefix}}", "{{", 1)+"x: 1\n"))
	if want := "devices[0].params.profile: built in: sdm/sdm.yaml:6:1: x: unknown option"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("a profile that is wrong: %v, want %s", err, want)
	}
	_, err = Devices(read(t, "devices: [{name: a, type: slave, params: {profile: sdm}}]"), shelfOf(sdm))
	if want := `devices[0].params.profile: "sdm" is for devices of type meter`; err == nil || err.Error() != want {
		t.Errorf("a device of another type: %v, want %s", err, want)
	}
}
