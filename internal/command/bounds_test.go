package command

import (
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
)

// The devices that come with the program refuse absurd numbers, as the program's own options do.
func TestEveryNumberOfADeviceHasBounds(t *testing.T) {
	for _, typ := range devices.Types() {
		for _, p := range typ.Params {
			if slices.Contains([]string{"int", "number", "duration"}, p.Type) && (p.Bounds.Min == "" || p.Bounds.Max == "") {
				t.Errorf("%s: %s has no bounds", typ.Name, p.Key)
			}
		}
	}
}
