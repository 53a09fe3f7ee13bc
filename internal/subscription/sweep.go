package subscription

import (
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// SweepTime is how long a session stays subscribed to old availability topics after the broker's grant: retained
// messages may come some time after it.
const SweepTime = 10 * time.Second

// Below returns the beginning of the availability topics of a gateway's devices.
func Below(root, name string) string { return root + "/$gateway/" + name + "/" }

// sweepFilter returns the filter for the availability topics of all devices.
func (s *Subscriptions) sweepFilter() string {
	return Below(s.options.Root, s.options.Name) + "+/state"
}

// sweepArrived takes the messages on availability topics of this gateway. It calls found only for retained ones, since
// anybody may publish others.
func (l *Listener) sweepArrived(m mqtt.Message) (taken bool) {
	level, ours := strings.CutPrefix(m.Topic, l.below)
	if !ours {
		return false
	}
	device, isDevice := strings.CutSuffix(level, "/state")
	if level != "state" && (!isDevice || strings.Contains(device, "/")) {
		return false
	}
	m.Ack()
	if isDevice && device != "" && m.Retained && len(m.Payload) > 0 {
		l.found(device)
	}
	return true
}
