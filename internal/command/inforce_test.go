package command

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// However many devices there are, what is in force stays a page: it says how many more there are, and where.
func TestInForceOfManyDevices(t *testing.T) {
	devices := make([]config.Device, mostInForce+3)
	for i := range devices {
		devices[i] = config.Device{Name: fmt.Sprintf("d%03d", i), Type: "dummy", Params: map[string]any{"port": "a"}}
	}
	codec, err := mapping.New("gw", &mapping.File{})
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := actors.New(actors.Options{Codec: codec, Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	c := &configuration{gateway: gateway}
	c.put(codec, config.Config{})
	text := c.InForce()
	if want := "# The first 200 devices; there are 3 more: GET /api/v1/devices/NAME has the parameters of each.\n"; !strings.HasPrefix(text, want) {
		t.Errorf("%.100q, want %q", text, want)
	}
	var read struct{ Devices []config.Device }
	if err := yaml.Unmarshal([]byte(text), &read); err != nil || len(read.Devices) != mostInForce {
		t.Errorf("%v: %d devices, want %d", err, len(read.Devices), mostInForce)
	}
}
