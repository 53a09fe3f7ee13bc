package actors_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/messages"
)

// A broker that is away for a while costs a few lines, none twice, and what devices said meanwhile arrives, in order.
func TestBrokerAwayForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.log.take()

		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(io.EOF)
		synctest.Wait()
		for i := range 3 {
			speaker.emit(messages.New(messages.Status, messages.Address{Device: "a"}, fmt.Sprint("OFFLINE", i)))
		}
		time.Sleep(time.Minute)
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(31 * time.Second)
		synctest.Wait()

		want := []string{"home////a/gw/S OFFLINE0", "home////a/gw/S OFFLINE1", "home////a/gw/S OFFLINE2"}
		if got := b.broker.published(); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		lines := b.log.take()
		if len(lines) > 8 || !distinct(lines) {
			t.Errorf("%d lines, want at most 8, none twice:\n%s", len(lines), strings.Join(lines, "\n"))
		}
		for _, text := range []string{"link lost", "connected again"} {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, text) }) {
				t.Errorf("no line says %q:\n%s", text, strings.Join(lines, "\n"))
			}
		}
	})
}

func distinct(lines []string) bool {
	seen := make(map[string]bool)
	for _, line := range lines {
		if seen[line] {
			return false
		}
		seen[line] = true
	}
	return true
}

// One flap a second for an hour is fewer than 150 lines, and after it the log's last word on the link is true.
func TestFlappingLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.log.take()
		for range 3600 {
			time.Sleep(time.Second)
			synctest.Wait()
			if s := b.broker.session(); !s.killed {
				s.lose(errors.New("connection reset"))
			}
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		lines := b.log.take()
		if len(lines) >= 150 {
			t.Errorf("%d lines in an hour of flapping, want fewer than 150", len(lines))
		}
		if last := lines[len(lines)-1]; !strings.Contains(last, "connected again") && !strings.Contains(last, "well at the moment") {
			t.Errorf("the last line leaves the link down: %s", last)
		}
		if b.broker.session().killed {
			t.Error("the link is down after five quiet minutes")
		}
	})
}

func TestInFlightIsSentAgainAheadOfTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.broker.locked(func() { b.broker.hold = true })
		var receipts []string
		for i := range 30 {
			speaker.emit(messages.New(messages.Status, messages.Address{}, fmt.Sprint(i)))
		}
		synctest.Wait()
		sent := b.broker.published()
		if len(sent) != 20 {
			t.Fatalf("%d in flight, want 20: the broker has acknowledged none", len(sent))
		}
		b.broker.locked(func() { b.broker.hold, b.broker.sent = false, nil })
		b.broker.session().lose(io.EOF)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for i := range 30 {
			receipts = append(receipts, fmt.Sprintf("home/////gw/S %d", i))
		}
		if got := b.broker.published(); !slices.Equal(got, receipts) {
			t.Errorf("published after the loss %q, want all 30 in order", got)
		}
	})
}

func TestAtQoS0InFlightIsLostAndSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.QoS = 0 })
		defer b.end()
		b.broker.locked(func() { b.broker.hold = true })
		receipt := speaker.emit(messages.New(messages.Status, messages.Address{}, "ON"))
		synctest.Wait()
		b.broker.session().lose(io.EOF)
		synctest.Wait()
		select {
		case <-receipt.Done():
			if receipt.Err() == nil {
				t.Error("the receipt says kept, want lost")
			}
		default:
			t.Error("the receipt is still open")
		}
	})
}

// An attempt that neither succeeds nor fails is given up after the time-out; a failure within the lag waits for its end.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.Link.Backoff.Min, o.Link.Backoff.Max = 0, 0 })
		defer b.end()
		b.broker.locked(func() { b.broker.hang = true })
		b.broker.session().lose(io.EOF)
		dials := b.broker.attempts
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if got := dials(); got != 2 {
			t.Errorf("%d attempts, want the second still going on", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := dials(); got != 3 {
			t.Errorf("%d attempts, want a third after the time-out", got)
		}
		b.broker.locked(func() { b.broker.hang, b.broker.down = false, errRefused })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		before := dials()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := dials() - before; got != 20 {
			t.Errorf("%d attempts in 10 s that fail at once, want one each lag of 500 ms", got)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Second)
	})
}

func TestRefusedSubscriptionIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) {
			o.Dial = (&fakeBroker{refuse: map[string]bool{"home/#": true}}).dial
		})
		defer b.end()
		lines := strings.Join(b.log.take(), "\n")
		if !strings.Contains(lines, "ERROR subscription refused topic=home/#") {
			t.Errorf("no error about the refused subscription:\n%s", lines)
		}
	})
}

func TestTakeoverIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		var first time.Duration
		began := time.Now()
		for range 60 {
			time.Sleep(time.Second)
			synctest.Wait()
			if s := b.broker.session(); !s.killed {
				s.lose(fmt.Errorf("read: %w", io.EOF))
			}
			if first == 0 && slices.ContainsFunc(b.log.take(), func(l string) bool { return strings.Contains(l, "same client id") }) {
				first = time.Since(began)
			}
		}
		if first == 0 {
			t.Error("nothing in the log names the likely cause within 60 s")
		}
		if b.broker.attempts() >= 10 {
			t.Errorf("%d connects in a minute, want fewer than 10", b.broker.attempts())
		}
	})
}

// The link waits for devices to open, but not for ever.
func TestLinkWaitsForDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b")
		list[1].Params = map[string]any{"opening": "hang"}
		b := start(t, list)
		defer b.end()
		if b.broker.attempts() != 0 {
			t.Error("the link did not wait for a device that is opening")
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if b.broker.attempts() != 1 {
			t.Error("the link still waits after the start wait")
		}
	})
}

// What makes the broker hang up is set aside after four times, and the rest arrives: also if what the broker had acknowledged before is
// lost when it hangs up, as happens when a connection is reset.
func TestPoisonousPublicationIsSetAside(t *testing.T) {
	for _, resets := range []bool{false, true} {
		t.Run(fmt.Sprintf("resets %t", resets), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, lamps("a"))
				defer b.end()
				b.broker.locked(func() { b.broker.poison, b.broker.resets = "home/////gw/S POISON", resets })
				before := speaker.emit(messages.New(messages.Status, messages.Address{}, "BEFORE"))
				poison := speaker.emit(messages.New(messages.Status, messages.Address{}, "POISON"))
				after := speaker.emit(messages.New(messages.Status, messages.Address{}, "AFTER"))
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if err := poison.Err(); err == nil || !strings.Contains(err.Error(), "closed the connection 4 times over it") {
					t.Errorf("the poison: %v", err)
				}
				for what, r := range map[string]devices.Receipt{"before": before, "after": after} {
					select {
					case <-r.Done():
						if err := r.Err(); err != nil {
							t.Errorf("what came %s the poison is refused: %v", what, err)
						}
					default:
						t.Errorf("what came %s the poison is still waiting", what)
					}
				}
				if got := b.broker.attempts(); got != 5 {
					t.Errorf("%d attempts, want four that are lost, and one", got)
				}
			})
		})
	}
}

// What the broker does not acknowledge of the gateway's own states holds up no message at QoS 0.
func TestStatusesDoNotWaitForStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a")
		for i := range 50 { // more than may be unacknowledged
			list = append(list, lamps(fmt.Sprint("b", i))...)
		}
		broker := &fakeBroker{hold: true, holdOnly: 1}
		b := start(t, list, func(o *actors.Options) { o.QoS, o.Dial = 0, broker.dial })
		b.broker = broker
		defer b.end()
		for i := range 1000 {
			speaker.emit(messages.New(messages.Status, messages.Address{}, fmt.Sprint(i)))
			synctest.Wait()
		}
		if got := len(broker.published()); got != 1000 {
			t.Errorf("%d of 1000 statuses were published", got)
		}
		var states int
		broker.locked(func() { states = len(broker.states) })
		if states != 20 {
			t.Errorf("%d states are unacknowledged, want 20", states)
		}
	})
}

// The state of the gateway tells of a broker that does not answer, before anything is lost, and no longer than it is so.
func TestUnansweredIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		want := func(when, link string, unanswered time.Duration) {
			t.Helper()
			synctest.Wait()
			if s := b.gateway.State(); s.Link != link || s.Unanswered != unanswered {
				t.Errorf("%s: link %s, unanswered for %v; want %s, %v", when, s.Link, s.Unanswered, link, unanswered)
			}
		}
		want("at first", "connected", 0)
		since := time.Now()
		time.Sleep(8 * time.Second)
		old := b.broker.session()
		old.options.Unanswered(since)
		time.Sleep(4 * time.Second)
		want("unanswered", "connected", 12*time.Second)
		old.options.Unanswered(time.Time{})
		want("answered", "connected", 0)
		old.options.Unanswered(since)
		b.log.take()
		b.broker.locked(func() { b.broker.down = errRefused })
		old.lose(&mqtt.UnansweredError{Message: true, Topic: "a"})
		time.Sleep(time.Second)
		want("lost over it", "down", 0)
		old.options.Unanswered(since)
		want("told by one that is gone", "down", 0)
		if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, "WARN link lost") || !strings.Contains(lines, "has not acknowledged") {
			t.Errorf("the log does not say why:\n%s", lines)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		want("connected again", "connected", 0)
	})
}

// A publication that a broker does not acknowledge, though it does others, does not end its sessions for ever.
func TestUnacknowledgedPublication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		b.broker.locked(func() { b.broker.deaf = "home/////gw/S STUCK" })
		stuck := speaker.emit(messages.New(messages.Status, messages.Address{}, "STUCK"))
		next := speaker.emit(messages.New(messages.Status, messages.Address{}, "NEXT"))
		for range 4 {
			synctest.Wait()
			b.broker.session().lose(&mqtt.UnansweredError{Message: true, Topic: "home/////gw/S"})
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if err := stuck.Err(); err == nil || !strings.Contains(err.Error(), "unacknowledged in 4 sessions") {
			t.Errorf("the one that is not acknowledged: %v", err)
		}
		if err := next.Err(); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// A broker that acknowledges nothing is itself to blame: nothing is given up.
func TestBrokerThatAcknowledgesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), func(o *actors.Options) { o.NoAvailability = true })
		defer b.end()
		b.broker.locked(func() { b.broker.hold = true })
		receipt := speaker.emit(messages.New(messages.Status, messages.Address{}, "ON"))
		for range 10 {
			synctest.Wait()
			b.broker.session().lose(&mqtt.UnansweredError{Message: true, Topic: "home/////gw/S"})
			time.Sleep(time.Minute)
		}
		b.broker.locked(func() { b.broker.hold = false })
		b.broker.session().lose(&mqtt.UnansweredError{Message: true, Topic: "home/////gw/S"})
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-receipt.Done():
			if err := receipt.Err(); err != nil {
				t.Errorf("given up: %v", err)
			}
		default:
			t.Error("not sent again")
		}
	})
}

// An attempt that is given up between its connect and the last of its subscriptions says what it waited for.
func TestUnansweredSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := &fakeBroker{mute: true}
		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = broker.dial })
		defer b.end()
		time.Sleep(11 * time.Second)
		synctest.Wait()
		const want = `err=no session within 10s: subscribe: no SUBACK for the filter "home/#": given up`
		if lines := strings.Join(b.log.take(), "\n"); !strings.Contains(lines, want) {
			t.Errorf("nothing says %q:\n%s", want, lines)
		}
		broker.locked(func() { broker.mute = false })
	})
}
