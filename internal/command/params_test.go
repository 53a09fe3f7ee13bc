package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	_ "github.com/mqttgateway/mqttgateway/devices/tcp"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
)

// askedParams has, at every depth, what check is to find.
type askedParams struct {
	Bus    askedBus            `koanf:"bus"`
	Points []askedPoint        `koanf:"points"`
	Named  map[string]askedBus `koanf:"named"`
	Pauses []time.Duration     `koanf:"pauses" min:"1ms" max:"1s"`
	Frame  devices.Size        `koanf:"frame" default:"1KB" min:"1" max:"64KB"`
	Mode   string              `koanf:"mode" default:"safe" one_of:"fast safe"`
}

type askedBus struct {
	Host string         `koanf:"host" default:"" doc:"the master"`
	Port int            `koanf:"port" default:"502" min:"1" max:"65535"`
	Pin  devices.Secret `koanf:"pin" default:""`
}

func (b askedBus) Validate() error {
	if b.Pin.Reveal() != "" && b.Host == "" {
		return errors.New("a pin wants a host")
	}
	return nil
}

type askedPoint struct {
	ID string `koanf:"id"`
}

func (p *askedParams) Validate() error {
	if len(p.Points) > 1 {
		return errors.New("one point is all it can")
	}
	return nil
}

func init() {
	devices.Register("plant", func(context.Context, devices.Env, askedParams) (devices.Device, error) { return nil, nil },
		devices.Doc("some points on a bus\n\nThe bus has one master."), devices.Example(`
			- {name: cellar, type: plant, params: {bus: {host: plc}, frame: 2KB}}
			- {name: attic, type: plant}
		`))
	actors.Register("plant actor", func(context.Context, devices.Env, askedParams) (actor.Actor, error) { return nil, nil },
		devices.Example("- {name: a, type: plant}\n- {name: b, type: plant actor, params: {mode: quick}}"))
}

// Whatever a type's parameters say of themselves, by tags or by Validate, check says, of devices and of actors.
func TestCheckAsksTheParameters(t *testing.T) {
	for _, typ := range []string{"plant", "plant actor"} {
		for _, row := range []struct{ name, params, says string }{
			{"good", "{bus: {host: h, port: 65535, pin: '1234'}, points: [{id: a}], pauses: [1s], frame: 64KB, mode: fast}", ""},
			{"within bounds of a section", "{bus: {port: 0}}", ".params.bus.port: 0 is out of range: want 1 to 65535"},
			{"within bounds of a map", "{named: {x: {port: 0}}}", ".params.named.x.port: 0 is out of range: want 1 to 65535"},
			{"a duration of a list", "{pauses: [1ms, 2s]}", ".params.pauses[1]: 2s is out of range: want 1ms to 1s"},
			{"a size", "{frame: 65KB}", ".params.frame: 65KB is out of range: want 1 to 64KB"},
			{"a word", "{mode: quick}", `.params.mode: "quick": want fast or safe`},
			{"missing in a list", "{points: [{}]}", ".params.points[0].id: missing: want a string"},
			{"misspelt in a map", "{named: {x: {prot: 1}}}", ".params.named.x.prot: unknown option; did you mean named.x.port?"},
			{"Validate of the whole", "{points: [{id: a}, {id: b}]}", ".params: one point is all it can"},
			{"Validate of a section", "{bus: {pin: swordfish}}", ".params.bus: a pin wants a host"},
			{"Validate within a map", "{named: {x: {pin: swordfish}}}", ".params.named.x: a pin wants a host"},
			{"a secret of the wrong type", "{bus: {pin: 471147114711}}", ".params.bus.pin: want text: put it in quotes"},
		} {
			t.Run(typ+"/"+row.name, func(t *testing.T) {
				folder(t, map[string]string{"a.yaml": "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: " + typ + ", params: " + row.params + "}]\n"})
				got := execute(t, "", "check", "-c", "a.yaml")
				if bad := got.status != 0; bad != (row.says != "") || !strings.Contains(got.stderr, row.says) {
					t.Errorf("status %d, said %s; want that it says %q", got.status, got.stderr, row.says)
				}
				for _, secret := range []string{"swordfish", "471147114711"} {
					if strings.Contains(got.stdout+got.stderr, secret) {
						t.Errorf("the secret is shown: %s%s", got.stdout, got.stderr)
					}
				}
			})
		}
	}
}

// The example of each type can be copied as it is, and startingConfig does so; that a bad one is refused the types of these tests show.
func TestExamplesOfTypes(t *testing.T) {
	for _, typ := range devices.Types() {
		c, err := typedoc.Example(typ)
		if good := err == nil && len(c.Devices) > 0; good != (typ.Example != "" && typ.Name != "plant actor") {
			t.Errorf("the example of %s:\n%s\n%v", typ.Name, typ.Example, err)
		}
	}
}

// What is good and yet likely a mistake is a warning of check's: it goes on, and the status is 0.
func TestCheckWarns(t *testing.T) {
	folder(t, map[string]string{"a.yaml": `
mapping: {root: home, topics: [home/#]}
devices:
  - name: receiver
    type: tcp
    params: {address: "avr.lan:23", frame: {end: "\r"}, points: [{id: volume, match: 'MV(\d\d)'}]}
`})
	got := execute(t, "", "check", "-c", "a.yaml")
	want := `a.yaml:6:79: devices[0].params.points[0].match: "MV(\\d\\d)" may match in the middle: want ^ at the beginning, and $ or some text at the end` + "\n"
	if got.status != 0 || !strings.HasPrefix(got.stderr, "warning: /") || !strings.HasSuffix(got.stderr, want) {
		t.Errorf("status %d, said %s; want %s", got.status, got.stderr, want)
	}
}

// Files that a device waits for are told of; those that are there are not, wherever the path begins.
func TestCheckTellsOfMissingFiles(t *testing.T) {
	folder(t, map[string]string{"there": "", "a.yaml": `
mapping: {root: home, topics: [home/#]}
devices:
  - {name: own, type: raw, params: {pin_file: there, token_file: /nowhere, empty_file: "", file: none,
      list: [{ca_file: there}, {ca_file: none}]}}
`})
	got := execute(t, "", "check", "-c", "a.yaml")
	if got.status != 0 || strings.Count(got.stderr, "warning: ") != 2 ||
		!strings.Contains(got.stderr, `a.yaml:5:33: devices[0].params.list[1].ca_file: there is no file "none" yet`) ||
		!strings.Contains(got.stderr, `a.yaml:4:54: devices[0].params.token_file: there is no file "/nowhere" yet`) {
		t.Errorf("status %d, said %s", got.status, got.stderr)
	}
}
