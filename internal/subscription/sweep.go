package subscription

import (
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// SweepTime is how long a session stays subscribed to old availability topics, from the broker's grant on: retained messages
// may come a while after it.
const SweepTime = 10 * time.Second

// Below returns what the availability topics of a gateway's devices begin with.
func Below(root, name string) string { return root + "/$gateway/" + name + "/" }

// sweepFilter returns the filter that the availability topics of all devices match.
func (s *Subscriptions) sweepFilter() string {
	return Below(s.options.Root, s.options.Name) + "+/state"
}

// sweepArrived takes the availability topics of this gateway, which are no messages to it. It calls found only for what the
// broker had kept: anybody may publish the others.
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
