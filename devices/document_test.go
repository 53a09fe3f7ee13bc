package devices_test

import (
	"context"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
)

func init() {
	type params struct {
		Port string `koanf:"port" example:"/dev/ttyUSB0"`
		Bus  struct {
			Line struct {
				Baud  int `koanf:"baud" default:"9600" example:"115200"`
				Quiet int `koanf:"quiet" default:"1"`
			} `koanf:"line"`
			Master string `koanf:"master" default:"" example:"plc"`
		} `koanf:"bus"`
		Points []struct {
			ID string `koanf:"id" example:"flow"`
		} `koanf:"points"`
		Rooms []string `koanf:"rooms" example:"[hall, attic]"`
	}
	open := func(context.Context, devices.Env, params) (devices.Device, error) { return heater{}, nil }
	devices.Register("made", open)
	devices.Register("given", open, devices.Doc(`
		a heater

		It heats:
		  slowly
	`), devices.Example(`
		- name: hall
		  type: given
		  params: {port: a}
	`))
	devices.Register("bare", func(context.Context, devices.Env, struct{}) (devices.Device, error) { return heater{}, nil })
}

func TestDocAndExample(t *testing.T) {
	for _, row := range []struct{ name, doc, example string }{
		{"made", "", "- name: made\n  type: made\n  params:\n    port: /dev/ttyUSB0\n    bus:\n      line:\n        baud: 115200\n      master: plc\n    rooms: [hall, attic]"},
		{"given", "a heater\n\nIt heats:\n  slowly", "- name: hall\n  type: given\n  params: {port: a}"},
		{"bare", "", "- name: bare\n  type: bare"},
	} {
		typ, err := devices.Lookup(row.name)
		if err != nil {
			t.Fatal(err)
		}
		if typ.Doc != row.doc || typ.Example != row.example {
			t.Errorf("%s is documented by %q and\n%s\nwant %q and\n%s", row.name, typ.Doc, typ.Example, row.doc, row.example)
		}
	}
}
