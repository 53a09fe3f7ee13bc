package typedoc

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

type params struct {
	Port   string         `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
	Every  time.Duration  `koanf:"every" doc:"a|b < c" default:"0" min:"1s" max:"1h" zero:"never"`
	Mode   string         `koanf:"mode" default:"safe" one_of:"fast safe"`
	Pin    devices.Secret `koanf:"pin" default:""`
	Bus    bus            `koanf:"bus" doc:"the bus it is on"`
	Points []heated       `koanf:"points" doc:"what is heated"`
	Named  map[string]bus `koanf:"named"`
}

type bus struct {
	Unit int `koanf:"unit" doc:"number on the bus" default:"1"`
}

type heated struct {
	point.Params
	Register int `koanf:"register" doc:"number of the register"`
}

func open(context.Context, devices.Env, params) (devices.Device, error) { return nil, nil }

func TestPage(t *testing.T) {
	page := Page(devices.NewType("heater", open, devices.Doc("something warm\nIt is warm.\n\nIt stays warm."), devices.Example(`
		# In the hall,
		# by itself:
		- name: hall
		  type: heater
		  params: {port: a}

		- {name: attic, type: heater, params: {port: b}}
	`)))
	at := 0
	for _, want := range []string{
		"# heater\n\nA device of type `heater` is something warm.\n\nIt is warm.\n\nIt stays warm.\n\n## Examples\n",
		"\nIn the hall,\nby itself:\n\n```yaml\ndevices:\n  - name: hall\n    type: heater\n    params: {port: a}\n```\n\n" +
			"```yaml\ndevices:\n  - {name: attic, type: heater, params: {port: b}}\n```\n",
		"\n| option | value | default | meaning |\n|---|---|---|---|\n| `port` | text | required | serial port; such as `/dev/ttyUSB0` |\n" +
			"| `every` | duration, 1s to 1h, or 0: never | `0` | a\\|b \\< c |\n" +
			"| `mode` | `fast`, `safe` | `safe` |  |\n" +
			"| `pin` | secret |  | a secret, which logs and prints don't show |\n" +
			"| `bus` | [section](#bus) |  | the bus it is on |\n" +
			"| `points` | [list](#points) |  | what is heated |\n" +
			"| `named` | [section](#named) |  |  |\n",
		"\n### `bus`\n\nThe bus it is on.\n\n| option | value | default | meaning |\n|---|---|---|---|\n| `unit` | whole number | `1` | number on the bus |\n",
		"\n### `points[]`\n\nWhat is heated.\n",
		"| `register` | whole number | required | number of the register |\n\nEvery point has these options as well:\n",
		"| `id` | text | required |",
		"\n### `points[].group`\n",
		"\n### `named.*`\n\n|",
	} {
		i := strings.Index(page[at:], want)
		if i < 0 {
			t.Fatalf("behind %d bytes the page lacks\n%s\n\nit is\n%s", at, want, page)
		}
		at += i
	}
}

func TestPagesOfTypes(t *testing.T) {
	protocols := []*lines.Protocol{{Name: "bus", Doc: "some | slaves", Fields: options.Fields(bus{})}}
	var names []string
	for name, text := range Pages([]devices.Type{{Name: "raw"}, {Name: "plain", Check: func(map[string]any) error { return nil }}}, protocols) {
		names = append(names, name)
		for file, want := range map[string]string{
			"README.md":   "| [`plain`](plain.md) |  |\n",
			"line-bus.md": "# Lines of bus\n\nA line of the protocol `bus` is for some | slaves.\n",
			"raw.md":      "\n## Options\n\nThe type reads what stands below `params:` itself.\n",
			"plain.md":    "\n## Options\n\nThere are none.\n",
		} {
			if file == name && !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", file, want, text)
			}
		}
	}
	if got := strings.Join(names, " "); got != "README.md line-bus.md raw.md plain.md" {
		t.Errorf("the pages are %s", got)
	}
}
