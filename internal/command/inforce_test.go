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
	since, rest, _ := strings.Cut(text, "\n")
	if want := "# The first 200 devices; there are 3 more: GET /api/v1/devices/NAME has the parameters of each.\n"; !strings.HasPrefix(rest, want) {
		t.Errorf("%.100q, want %q", rest, want)
	}
	if !strings.HasPrefix(since, "# In force since 20") {
		t.Errorf("%q does not tell since when", since)
	}
	for strings.HasPrefix(c.InForce(), since) { // up to a millisecond: then another reload makes another text
		c.put(codec, config.Config{})
	}
	var read struct{ Devices []config.Device }
	if err := yaml.Unmarshal([]byte(text), &read); err != nil || len(read.Devices) != mostInForce {
		t.Errorf("%v: %d devices, want %d", err, len(read.Devices), mostInForce)
	}
}
