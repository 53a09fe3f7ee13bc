package actors

import (
	"fmt"
	"strings"
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
		{"of a device that is gone", below + "old/state", "online", false, true, "old"},
		{"of a device that is there", below + "lamp/state", "online", false, true, "-"},
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
			s := &sweep{below: below, known: map[string]*device{"lamp": {}}, room: sweepRoom, found: func(device string) { found = device }}
			taken := s.arrived(mqtt.Message{Topic: row.topic, Payload: row.payload, Retained: !row.live})
			if taken != row.taken || found != row.found {
				t.Errorf("taken %t and found %q, want %t and %q", taken, found, row.taken, row.found)
			}
		})
	}
}

// Whoever has the broker keep any number of states does not fill the memory.
func TestSweepIsBounded(t *testing.T) {
	found := 0
	s := &sweep{below: "home/$gateway/gw/", room: sweepRoom, found: func(string) { found++ }}
	name := strings.Repeat("x", 1000)
	for i := range 10_000 {
		s.arrived(mqtt.Message{Topic: fmt.Sprintf("home/$gateway/gw/%s%d/state", name, i), Payload: "online", Retained: true})
	}
	if found == 0 || found > sweepRoom/len(name) {
		t.Errorf("%d found, want %d at most", found, sweepRoom/len(name))
	}
}
