package link

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestStep(t *testing.T) {
	ignored := situation{phase: 255} // no real situation: the event must leave the state equal
	do := func(effects ...Effect) []Effect { return effects }
	retrySecond := Retry{2, policy.Backoff.Full(2)}
	const at = 5 * time.Second
	type cell struct {
		in    situation
		event reflect.Type
	}
	seen := make(map[cell]bool)
	for _, row := range []struct {
		in      situation
		event   Event
		to      situation
		fault   Fault // the Fault in the state
		effects []Effect
	}{
		{disconnected, Start{}, connecting, None, do(Dial{1, true, policy.Lag, policy.Timeout})},
		{disconnected, Stop{}, stopped, None, nil},
		{disconnected, Up{0, at}, ignored, None, nil},
		{disconnected, Dropped{0, at, EOF}, ignored, None, nil},
		{disconnected, Ended{0, EOF}, ignored, None, nil},
		{disconnected, LagOver{0}, ignored, None, nil},
		{disconnected, Overdue{0}, ignored, None, nil},
		{disconnected, RetryDue{0}, ignored, None, nil},

		{connecting, Start{}, ignored, None, nil},
		{connecting, Stop{}, stopped, None, do(Kill{2})},
		{connecting, Up{2, at}, connected, None, nil},                  // a success counts at once
		{connecting, Dropped{2, at, EOF}, lost, EOF, do(Kill{2})},      // it has overtaken Up
		{connecting, Ended{2, Permanent}, failedEarly, Permanent, nil}, // takes effect when the lag ends
		{connecting, LagOver{2}, connectingOn, None, nil},              // the attempt is still under way
		{connecting, Overdue{2}, lost, Timeout, do(Kill{2})},           // for a time-out that is shorter than the lag
		{connecting, RetryDue{2}, ignored, None, nil},                  // there was no Retry

		{connectingOn, Start{}, ignored, None, nil},
		{connectingOn, Stop{}, stopped, None, do(Kill{2})},
		{connectingOn, Up{2, at}, connectedOn, None, nil},
		{connectingOn, Dropped{2, at, EOF}, lostOn, EOF, do(Kill{2})},
		{connectingOn, Ended{2, EOF}, waiting, EOF, do(retrySecond)},
		{connectingOn, LagOver{2}, ignored, None, nil},
		{connectingOn, Overdue{2}, lostOn, Timeout, do(Kill{2})},
		{connectingOn, RetryDue{2}, ignored, None, nil},

		{failedEarly, Start{}, ignored, Transient, nil},
		{failedEarly, Stop{}, stopped, Transient, nil}, // nothing is left to kill
		{failedEarly, Up{2, at}, ignored, Transient, nil},
		{failedEarly, Dropped{2, at, EOF}, ignored, Transient, nil},
		{failedEarly, Ended{2, EOF}, ignored, Transient, nil},
		{failedEarly, LagOver{2}, waiting, Transient, do(retrySecond)},
		{failedEarly, Overdue{2}, ignored, Transient, nil},
		{failedEarly, RetryDue{2}, ignored, Transient, nil},

		{connected, Start{}, ignored, None, nil},
		{connected, Stop{}, stopped, None, do(Close{2})},
		{connected, Up{2, at}, ignored, None, nil},
		{connected, Dropped{2, at, EOF}, lost, EOF, do(Kill{2})},
		{connected, Ended{2, EOF}, cleared, EOF, nil}, // has overtaken Dropped
		{connected, LagOver{2}, connectedOn, None, nil},
		{connected, Overdue{2}, ignored, None, nil},
		{connected, RetryDue{2}, ignored, None, nil},

		{connectedOn, Start{}, ignored, None, nil},
		{connectedOn, Stop{}, stopped, None, do(Close{2})},
		{connectedOn, Up{2, at}, ignored, None, nil},
		{connectedOn, Dropped{2, at, EOF}, lostOn, EOF, do(Kill{2})},
		{connectedOn, Ended{2, EOF}, waiting, EOF, do(retrySecond)},
		{connectedOn, LagOver{2}, ignored, None, nil},
		{connectedOn, Overdue{2}, ignored, None, nil},
		{connectedOn, RetryDue{2}, ignored, None, nil},

		{lost, Start{}, ignored, Transient, nil},
		{lost, Stop{}, stopped, Transient, nil},         // is being killed already
		{lost, Up{2, at}, lost, Transient, do(Kill{2})}, // must be killed again
		{lost, Dropped{2, at, EOF}, ignored, Transient, nil},
		{lost, Ended{2, EOF}, cleared, Transient, nil}, // the fault of Dropped counts
		{lost, LagOver{2}, lostOn, Transient, nil},
		{lost, Overdue{2}, ignored, Transient, nil},
		{lost, RetryDue{2}, ignored, Transient, nil},

		{lostOn, Start{}, ignored, Timeout, nil},
		{lostOn, Stop{}, stopped, Timeout, nil},
		{lostOn, Up{2, at}, lostOn, Timeout, do(Kill{2})},
		{lostOn, Dropped{2, at, EOF}, ignored, Timeout, nil},
		{lostOn, Ended{2, EOF}, waiting, Timeout, do(retrySecond)}, // the fault of the time-out counts
		{lostOn, LagOver{2}, ignored, Timeout, nil},
		{lostOn, Overdue{2}, ignored, Timeout, nil},
		{lostOn, RetryDue{2}, ignored, Timeout, nil},

		{cleared, Start{}, ignored, Transient, nil},
		{cleared, Stop{}, stopped, Transient, nil},
		{cleared, Up{2, at}, ignored, Transient, nil}, // nothing is left to kill
		{cleared, Dropped{2, at, EOF}, ignored, Transient, nil},
		{cleared, Ended{2, EOF}, ignored, Transient, nil},
		{cleared, LagOver{2}, waiting, Transient, do(retrySecond)},
		{cleared, Overdue{2}, ignored, Transient, nil},
		{cleared, RetryDue{2}, ignored, Transient, nil},

		{waiting, Start{}, ignored, Transient, nil},
		{waiting, Stop{}, stopped, Transient, nil},
		{waiting, Up{2, at}, ignored, Transient, nil},
		{waiting, Dropped{2, at, EOF}, ignored, Transient, nil},
		{waiting, Ended{2, EOF}, ignored, Transient, nil},
		{waiting, LagOver{2}, ignored, Transient, nil},
		{waiting, Overdue{2}, ignored, Transient, nil},
		{waiting, RetryDue{2}, connecting, None, do(Dial{3, true, policy.Lag, policy.Timeout})},

		{stopped, Start{}, ignored, None, nil}, // Stop is final
		{stopped, Stop{}, ignored, None, nil},
		{stopped, Up{2, at}, ignored, None, nil},
		{stopped, Dropped{2, at, EOF}, ignored, None, nil},
		{stopped, Ended{2, EOF}, ignored, None, nil},
		{stopped, LagOver{2}, ignored, None, nil},
		{stopped, Overdue{2}, ignored, None, nil},
		{stopped, RetryDue{2}, ignored, None, nil},
	} {
		c := cell{row.in, reflect.TypeOf(row.event)}
		if seen[c] {
			t.Errorf("%s: two rows for %T", row.in, row.event)
		}
		seen[c] = true
		t.Run(fmt.Sprintf("%s: %s", row.in, c.event.Name()), func(t *testing.T) {
			before := reach(t, row.in)
			got, effects := policy.Step(before, row.event)
			switch {
			case row.to == ignored && got != before:
				t.Errorf("%#v\nchanged %+v\nto      %+v", row.event, before, got)
			case row.to != ignored && got.situation() != row.to:
				t.Errorf("%#v leads to %q, want %q", row.event, got.situation(), row.to)
			}
			if got.Fault != row.fault {
				t.Errorf("fault = %d, want %d", got.Fault, row.fault)
			}
			if !slices.Equal(effects, row.effects) {
				t.Errorf("effects = %#v, want %#v", effects, row.effects)
			}
		})
	}
	for _, in := range allSituations {
		for _, e := range everyEvent(2) {
			if !seen[cell{in.situation, reflect.TypeOf(e)}] {
				t.Errorf("%s: no row for %T", in.name, e)
			}
		}
	}
}

// An event of another attempt than the latest, or of one that never was, changes nothing in any situation.
func TestOtherEpochsChangeNothing(t *testing.T) {
	for _, in := range allSituations {
		for _, epoch := range []uint64{0, 1, 3} {
			for _, e := range eventsOf(epoch) {
				t.Run(fmt.Sprintf("%s: %T of epoch %d", in.name, e, epoch), func(t *testing.T) {
					before := reach(t, in.situation)
					if got, effects := policy.Step(before, e); got != before || effects != nil {
						t.Errorf("changed %+v\nto      %+v, %#v", before, got, effects)
					}
				})
			}
		}
	}
}

func TestPhaseNames(t *testing.T) {
	for phase, want := range map[Phase]string{
		Disconnected: "disconnected", Connecting: "connecting", Connected: "connected", Lost: "lost", Waiting: "waiting",
	} {
		if phase.String() != want {
			t.Errorf("phase %d is called %q, want %q", phase, phase, want)
		}
	}
}
