package actors_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
)

// A link that is lost among the last words is told all of them when it is back.
func TestLastStatesAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.Link.Backoff.Min, o.Link.Backoff.Max = 0, 0 })
		b.saidStates()
		b.broker.locked(func() { b.broker.hold = true })
		b.stop()
		synctest.Wait()
		b.broker.acknowledge() // the lamp's last word
		b.wantStates("at the end", "a/state offline: stopped")
		b.broker.locked(func() { b.broker.hold = false })
		b.broker.session().lose(errors.New("connection reset"))
		<-b.done
		b.wantStates("in the next session", "state online", "a/state offline: stopped", "state offline")
		b.end()
	})
}

// What was in flight at a loss is said again as it is by then.
func TestStateLostInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		b.saidStates()
		b.broker.locked(func() { b.broker.hold = true })
		b.arrive("home////a/me/C", "BREAK")
		b.wantStates("after the failure", "a/state offline: handling BREAK: input/output error")
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(io.EOF)
		time.Sleep(10 * time.Second) // it is open again by now
		b.broker.locked(func() { b.broker.down, b.broker.hold = nil, false })
		time.Sleep(time.Minute)
		b.wantStates("in the next session", "state online", "a/state online")
		b.end()
	})
}

// A broker that hangs up over a state is spared it, and if it is the gateway's own, all of them.
func TestStateOverWhichTheBrokerHangsUp(t *testing.T) {
	for _, row := range []struct {
		name   string
		poison string
		after  []string // said to a later session
	}{
		{"a device's", "a/state online", []string{"state online", "b/state online"}},
		{"the gateway's", "state online", nil},
	} {
		for _, qos := range []byte{0, 1} {
			t.Run(fmt.Sprintf("%s, QoS %d", row.name, qos), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fakeBroker{poison: "home/$gateway/gw/" + row.poison}
					b := start(t, lamps("a", "b"), func(o *actors.Options) { o.Dial, o.QoS = f.dial, qos })
					b.broker = f
					time.Sleep(10 * time.Minute)
					receipt := speaker.emit(status("FINE"))
					synctest.Wait()
					select {
					case <-receipt.Done():
						if err := receipt.Err(); err != nil {
							t.Errorf("what followed is refused: %v", err)
						}
					default:
						t.Error("what followed is still waiting")
					}
					if told := mentions(b.log.take(), "publications refused", row.poison[:strings.Index(row.poison, " ")]); len(told) != 1 {
						t.Errorf("told %q, want one line with the topic", told)
					}
					if got := f.attempts(); got != 5 {
						t.Errorf("%d attempts, want four that are lost, and one", got)
					}
					f.session().lose(errors.New("connection reset"))
					b.saidStates()
					time.Sleep(10 * time.Minute)
					b.wantStates("later", row.after...)
					b.end()
				})
			})
		}
	}
}

// Messages that follow it at QoS 0 do not hide which it was.
func TestStateOverWhichTheBrokerHangsUpAmongMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{poison: "home/$gateway/gw/a/state online"}
		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial, o.QoS = f.dial, 0 })
		b.broker = f
		defer b.end()
		for range 600 {
			speaker.emit(status("ON"))
			time.Sleep(time.Second)
		}
		if got := f.attempts(); got != 5 {
			t.Errorf("%d attempts, want four that are lost, and one", got)
		}
	})
}

// A state that can't be sent at all is told of once, and in nobody's way.
func TestStateThatCannotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{hold: true}
		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = f.dial })
		b.broker = f
		s := f.session()
		s.options.Published(s.held[0], nil)
		s.options.Published(s.held[1], errors.New("topic: has 70000 bytes"))
		synctest.Wait()
		if told := mentions(b.log.take(), "publications refused", "a/state", "70000 bytes"); len(told) != 1 {
			t.Errorf("told %q, want one line", told)
		}
		f.locked(func() { f.hold = false })
		s.lose(errors.New("connection reset"))
		b.saidStates()
		time.Sleep(time.Minute)
		b.wantStates("in the next session", "state online")
		b.end()
	})
}

// States outlive a panic of the connection, which may have been about one of them.
func TestStatesAfterThePanicOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("availability out")
		b := start(t, lamps("a"), change)
		b.saidStates()
		armed.Store(true)
		b.arrive("home////a/me/C", "BREAK")
		time.Sleep(time.Minute)
		if got := b.saidStates(); len(got) < 2 || got[0] != "state online" || got[len(got)-1] != "a/state online" {
			t.Errorf("states after it %q, want all of them as they are", got)
		}
		b.end()
	})
}
