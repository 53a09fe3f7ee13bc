package actors

import (
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// sweep finds, among what a session brings, the states that the broker keeps below the gateway's name, which are no
// messages. Those of devices that are no longer configured are to be cleared.
//
// So that the broker sends them, the first session of a run subscribes to all of them for a while: once, for there are
// brokers that hang up on who subscribes to what is not his.
type sweep struct {
	below string
	known map[string]*device
	room  int                 // bytes of names that may still be found
	found func(device string) // doesn't block
}

const (
	sweepTime = 10 * time.Second // from the broker's grant on, for retained messages may come a while later
	sweepRoom = 4 << 20          // what lies beyond is found by the next run
	sweepSize = 64               // bytes that each name takes beside its own
)

func (c *connection) newSweep() *sweep {
	return &sweep{c.presences.below, c.byName, sweepRoom, func(device string) { c.self.send(vanished{device}) }}
}

// filter is what the states of all devices match.
func (s *presences) filter() string { return s.below + "+/state" }

// arrived takes what is a state of this gateway's. It is called by the session, for one message after the other. Only
// one that the broker had kept is acted on: anybody may publish the others.
func (s *sweep) arrived(m mqtt.Message) (taken bool) {
	level, ours := strings.CutPrefix(m.Topic, s.below)
	if !ours {
		return false
	}
	device, isDevice := strings.CutSuffix(level, "/state")
	if level != "state" && (!isDevice || strings.Contains(device, "/")) {
		return false
	}
	m.Ack()
	if !isDevice || device == "" || !m.Retained || len(m.Payload) == 0 || s.known[device] != nil {
		return true
	}
	if s.room -= len(device) + sweepSize; s.room >= 0 {
		s.found(device)
	}
	return true
}

// wanted is what a new session asks for: the filters of the map, and the first time that of the sweep.
func (c *connection) wanted() []string {
	want, filter := c.codec.Topics(), c.presences.filter()
	if c.presences.untold || c.swept.Load() || slices.Contains(want, filter) {
		return want
	}
	return append(want, filter)
}

// sweepOver tells that the states of devices that are no more have had time to come.
type sweepOver struct{ epoch uint64 }

// sweepOver gives the filter back.
func (c *connection) sweepOver(m sweepOver) {
	if m.epoch == c.state.Epoch {
		c.alter(nil)
	}
}
