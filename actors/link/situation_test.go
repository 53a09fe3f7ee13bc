package link

import (
	"fmt"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

var policy = Policy{
	Lag:     500 * time.Millisecond,
	Timeout: 10 * time.Second,
	Will:    true,
	Backoff: backoff.Policy{Min: time.Second, Max: 30 * time.Second},
	Long:    backoff.Range{Min: time.Minute, Max: 2 * time.Minute},
	Rival:   backoff.Range{Min: 20 * time.Second, Max: 40 * time.Second},
}

// situation is the part of a State that decides what an event does.
type situation struct {
	phase                   Phase
	lagOver, ended, stopped bool
}

func (s State) situation() situation {
	if s.Stopped {
		return situation{phase: s.Phase, stopped: true} // nothing else matters after Stop
	}
	return situation{phase: s.Phase, lagOver: s.lagOver, ended: s.ended}
}

// The situations. TestWalk reaches no others.
var (
	disconnected = situation{phase: Disconnected}
	connecting   = situation{phase: Connecting}
	connectingOn = situation{phase: Connecting, lagOver: true}
	failedEarly  = situation{phase: Connecting, ended: true}
	connected    = situation{phase: Connected}
	connectedOn  = situation{phase: Connected, lagOver: true}
	lost         = situation{phase: Lost}
	lostOn       = situation{phase: Lost, lagOver: true}
	cleared      = situation{phase: Lost, ended: true}
	waiting      = situation{phase: Waiting, lagOver: true, ended: true}
	stopped      = situation{phase: Disconnected, stopped: true}

	second        = []Event{Start{}, Ended{1, Transient}, LagOver{1}, RetryDue{1}} // begin the second attempt
	allSituations = []struct {
		situation
		name string
		path []Event
	}{
		{disconnected, "disconnected", nil},
		{connecting, "connecting", second},
		{connectingOn, "connecting, lag over", append(second[:4:4], LagOver{2})},
		{failedEarly, "failed within its lag", append(second[:4:4], Ended{2, Transient})},
		{connected, "connected within the lag", append(second[:4:4], Up{2, 0})},
		{connectedOn, "connected", append(second[:4:4], Up{2, 0}, LagOver{2})},
		{lost, "lost within the lag", append(second[:4:4], Up{2, 0}, Dropped{2, 0, Transient})},
		{lostOn, "lost after the lag", append(second[:4:4], LagOver{2}, Overdue{2})},
		{cleared, "cleared away within the lag", append(second[:4:4], Dropped{2, 0, Transient}, Ended{2, EOF})},
		{waiting, "waiting", append(second[:4:4], Ended{2, Transient}, LagOver{2})},
		{stopped, "stopped", append(second[:4:4], Up{2, 0}, Stop{})},
	}
)

func (s situation) String() string {
	for _, n := range allSituations {
		if n.situation == s {
			return n.name
		}
	}
	type bare situation
	return fmt.Sprintf("a situation without a name: %+v", bare(s))
}

func (s situation) unnamed() bool {
	for _, n := range allSituations {
		if n.situation == s {
			return false
		}
	}
	return true
}

// follow returns the state after events, beginning with the zero State, and the effects of the last event.
func follow(events ...Event) (s State, effects []Effect) {
	for _, e := range events {
		s, effects = policy.Step(s, e)
	}
	return s, effects
}

// reach returns a state in the given situation, in its second attempt if the situation allows one.
func reach(t *testing.T, in situation) State {
	t.Helper()
	for _, n := range allSituations {
		if n.situation == in {
			s, _ := follow(n.path...)
			if s.situation() != in {
				t.Fatalf("the path to %q leads to %q", in, s.situation())
			}
			return s
		}
	}
	t.Fatal(in)
	return State{}
}

// everyEvent returns an event of each type, with the given epoch if the type has one.
func everyEvent(epoch uint64) []Event {
	return append([]Event{Start{}, Stop{}}, eventsOf(epoch)...)
}

// eventsOf returns an event of each type that has an epoch.
func eventsOf(epoch uint64) []Event {
	return []Event{Up{epoch, time.Hour}, Dropped{epoch, time.Hour, EOF}, Ended{epoch, Permanent}, LagOver{epoch}, Overdue{epoch}, RetryDue{epoch}}
}
