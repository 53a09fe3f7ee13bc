package subscription

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func TestSweepArrived(t *testing.T) {
	const below = "home/$gateway/gw/"
	for _, row := range []struct {
		name, topic, payload string
		live                 bool
		taken                bool
		found                string // "-": none
	}{
		{"of a device", below + "old/state", "online", false, true, "old"},
		{"of a device below a hub", below + "hub.old/state", "online", false, true, "hub.old"},
		{"the gateway's own", below + "state", "online", false, true, "-"},
		{"not retained", below + "old/state", "online", true, true, "-"},
		{"being cleared", below + "old/state", "", false, true, "-"},
		{"of a device without a name", below + "/state", "online", false, true, "-"},
		{"of a device called state", below + "state/state", "online", false, true, "state"},
		{"deeper", below + "a/b/state", "online", false, false, "-"},
		{"no state", below + "filters", "{}", false, false, "-"},
		{"of another gateway", "home/$gateway/gw2/old/state", "online", false, false, "-"},
		{"below another root", "house/$gateway/gw/old/state", "online", false, false, "-"},
		{"a message", "home////old/gw/S", "ON", false, false, "-"},
	} {
		t.Run(row.name, func(t *testing.T) {
			found := "-"
			l := New(Options{Root: "home", Name: "gw"}).Listen(func(device string) { found = device })
			taken := l.Arrived(mqtt.Message{Topic: row.topic, Payload: row.payload, Retained: !row.live})
			if taken != row.taken || found != row.found {
				t.Errorf("taken %t and found %q, want %t and %q", taken, found, row.taken, row.found)
			}
		})
	}
}
