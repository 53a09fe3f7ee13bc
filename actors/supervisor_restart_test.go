package actors_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// trap is a log handler that panics at a certain line, once, and with it whoever writes that line.
type trap struct {
	slog.Handler
	at    string
	armed *atomic.Bool
}

func (t trap) Enabled(context.Context, slog.Level) bool { return true }

func (t trap) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == t.at && t.armed.Swap(false) {
		panic("trapped")
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return t.Handler.Handle(ctx, r)
}

func (t trap) WithAttrs(attrs []slog.Attr) slog.Handler {
	t.Handler = t.Handler.WithAttrs(attrs)
	return t
}

// trapped is an option of start; the trap works when it has been armed.
func trapped(at string) (armed *atomic.Bool, change func(*actors.Options)) {
	armed = new(atomic.Bool)
	return armed, func(o *actors.Options) { o.Log = slog.New(trap{o.Log.Handler(), at, armed}) }
}

// mentions returns the lines that hold all of texts.
func mentions(lines []string, texts ...string) (found []string) {
	for _, line := range lines {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			found = append(found, line)
		}
	}
	return found
}

func status(action string) messages.InternalMsg {
	return messages.New(messages.Status, messages.Address{}, action)
}

// What waits in the outbox, and what was in flight, outlives a panic of the connection; epochs go on.
func TestConnectionBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("message out")
		b := start(t, lamps("a"), change)
		defer b.end()
		b.log.take()

		b.broker.locked(func() { b.broker.hold = true })
		first := b.broker.session()
		for i := range 3 {
			speaker.emit(status(fmt.Sprint("BEFORE", i)))
		}
		synctest.Wait()
		armed.Store(true)
		receipt := speaker.emit(status("UPSETS"))
		speaker.emit(status("AFTER"))
		synctest.Wait()
		if first.killed || b.broker.attempts() != 1 {
			t.Error("the connection began again at once, want it left alone for a while")
		}
		b.broker.locked(func() { b.broker.hold, b.broker.sent = false, nil })
		time.Sleep(time.Second)
		synctest.Wait()

		if !first.killed {
			t.Error("the session of before is still there")
		}
		want := []string{"home/////gw/S BEFORE0", "home/////gw/S BEFORE1", "home/////gw/S BEFORE2", "home/////gw/S UPSETS", "home/////gw/S AFTER"}
		if got := b.broker.published(); !slices.Equal(got, want) {
			t.Errorf("published after the panic %q, want %q", got, want)
		}
		select {
		case <-receipt.Done():
			if receipt.Err() != nil {
				t.Errorf("receipt: %v, want kept", receipt.Err())
			}
		default:
			t.Error("the receipt of what was in hand is still open")
		}

		first.options.Lost(io.EOF) // an old epoch changes nothing
		b.arrive("home////a/me/C", "ON")
		if b.broker.attempts() != 2 || b.broker.session().killed {
			t.Error("the loss of the session of before ended the one that stands")
		}
		if got := b.broker.published(); got[len(got)-1] != "home////a/gw/S ON" {
			t.Errorf("published last %q, want the lamp's answer", got[len(got)-1])
		}
		if told := mentions(b.log.take(), "actor failed", "device=connection", "trapped", "stack=", "(*connection).hand"); len(told) != 1 {
			t.Errorf("told %q, want one line with the stack", told)
		}
	})
}

// An acknowledgement of a session that is gone settles nothing of the one that stands, though numbers are the same.
func TestOutcomeOfAnOldSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		b.broker.locked(func() { b.broker.hold = true })
		receipt := speaker.emit(status("ON"))
		synctest.Wait()
		old := b.broker.session()
		old.lose(io.EOF)
		time.Sleep(2 * time.Second)
		old.options.Published(old.held[0], nil)
		synctest.Wait()
		select {
		case <-receipt.Done():
			t.Error("the receipt is done, want it to wait for the session that stands")
		default:
		}
		now := b.broker.session()
		for _, number := range now.held {
			now.options.Published(number, nil)
		}
		synctest.Wait()
		if <-receipt.Done(); receipt.Err() != nil {
			t.Errorf("receipt: %v, want kept", receipt.Err())
		}
		b.end()
	})
}

func TestMapperBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("message finds no device")
		b := start(t, lamps("a"), change)
		defer b.end()
		b.log.take()

		armed.Store(true)
		b.arrive("home////nobody/me/C", "ON")
		b.arrive("home////a/me/C", "WAITS")
		if got := b.broker.published(); len(got) != 0 {
			t.Errorf("published %q, want the mapper left alone for a while", got)
		}
		time.Sleep(time.Second)
		b.arrive("home////a/me/C", "ON")
		if got := b.broker.published(); !slices.Equal(got, []string{"home////a/gw/S WAITS", "home////a/gw/S ON"}) {
			t.Errorf("published %q, want what waited, and the rest", got)
		}
		if told := mentions(b.log.take(), "actor failed", "device=mapper", "stack=", "(*mapper).route"); len(told) != 1 {
			t.Errorf("told %q, want one line with the stack", told)
		}
	})
}

// A message that no mapper survives is refused like any other that is bad: it is counted, and its sender hears of it.
func TestMapperRefusesWhatItPanickedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		b.gateway.GiveMapper(new(mapping.Codec))
		b.gateway.Post("mapper", messages.Arrived{Delivery: messages.Delivery{Epoch: 1, Number: 1}, Topic: "///a/me/C", Payload: "ON", QoS: 1})
		time.Sleep(10 * time.Second)
		receipt := speaker.emit(status("ON"))
		time.Sleep(10 * time.Second)
		select {
		case <-receipt.Done():
			if receipt.Err() == nil {
				t.Error("the receipt says kept, want refused")
			}
		default:
			t.Error("the receipt is still open")
		}
		c := b.gateway.Counters()
		if c.Arrived.Load() != 1 || c.Refused.Load() != 1 || c.Unsaid.Load() != 1 {
			t.Errorf("arrived %d, refused %d, unsaid %d, want 1 each", c.Arrived.Load(), c.Refused.Load(), c.Unsaid.Load())
		}
		b.end()
	})
}

// Devices don't hear of a panic of the actor above them, and one that is stuck is in nobody's way.
func TestDevicesBeginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b", "stuck"))
		defer b.end()
		b.arrive("home////stuck/me/C", "SLEEP")
		b.log.take()

		b.gateway.UpsetDevices()
		b.arrive("home////b/me/C", "BREAK") // its failure is told while devices is down
		b.arrive("home////a/me/C", "ON")
		time.Sleep(3 * time.Second)
		b.arrive("home////b/me/C", "ON")
		want := []string{"home////b/gw/S CLOSED", "home////a/gw/S ON", "home////b/gw/S ON"}
		if got := b.broker.published(); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
		if told := mentions(b.log.take(), "actor failed", "device=devices", "stack=", "(*parent).unrouted"); len(told) != 1 {
			t.Errorf("told %q, want one line with the stack", told)
		}
	})
}

func TestSupervisorGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("device failed")
		b := start(t, lamps("a", "b"), change)
		defer b.end()
		b.log.take()
		armed.Store(true)
		b.arrive("home////a/me/C", "BREAK")
		b.arrive("home////b/me/C", "BREAK")
		time.Sleep(2 * time.Second)
		b.arrive("home////b/me/C", "ON")
		if got := b.broker.published(); got[len(got)-1] != "home////b/gw/S ON" {
			t.Errorf("published last %q, want the second device back", got[len(got)-1])
		}
		if told := mentions(b.log.take(), "supervisor panicked", "(*supervisor).failed"); len(told) != 1 {
			t.Errorf("told %q, want one line with the stack", told)
		}
	})
}

// An orderly stop doesn't wait until a part that is down has been left alone for long enough.
func TestStopWhileAPartIsDown(t *testing.T) {
	for _, part := range []string{"connection", "mapper", "devices"} {
		t.Run(part, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var armed *atomic.Bool
				var change func(*actors.Options)
				switch part {
				case "connection":
					armed, change = trapped("message out")
				default:
					armed, change = trapped("message finds no device")
				}
				b := start(t, lamps("a"), change)
				armed.Store(true)
				switch part {
				case "connection":
					speaker.emit(status("UPSETS"))
				case "mapper":
					b.arrive("home////nobody/me/C", "ON")
				case "devices":
					b.gateway.UpsetDevices()
				}
				synctest.Wait()
				began := time.Now()
				b.stop()
				<-b.done
				if took := time.Since(began); took > 0 {
					t.Errorf("the stop took %v", took)
				}
				b.end()
				lines := b.log.take()
				if part != "connection" && !slices.Contains(b.broker.published(), "home////a/gw/S CLOSED") {
					t.Errorf("published %q, want the last words", b.broker.published())
				}
				if len(mentions(lines, "link closed")) != 1 {
					t.Errorf("want the link closed, and said so:\n%s", strings.Join(lines, "\n"))
				}
				if len(mentions(lines, "device failed")) > 0 {
					t.Errorf("want no device failed:\n%s", strings.Join(lines, "\n"))
				}
			})
		})
	}
}

// A connection that panics over the end of the link tells that it has ended all the same.
func TestConnectionPanicsWhileItCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("link disconnected")
		b := start(t, lamps("a"), change)
		armed.Store(true)
		began := time.Now()
		b.stop()
		<-b.done
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop took %v, want one wait at most", took)
		}
		if lines := b.log.take(); len(mentions(lines, "link closed")) != 1 || b.broker.attempts() != 1 {
			t.Errorf("%d attempts; want the link closed, and said so:\n%s", b.broker.attempts(), strings.Join(lines, "\n"))
		}
		b.end()
	})
}

// slowToClose is a session with a broker that doesn't answer at the end.
type slowToClose struct{ mqtt.Session }

func (s slowToClose) Close(ctx context.Context) {
	<-ctx.Done()
	s.Session.Close(ctx)
}

// With everything against it the stop takes the grace time, and no longer.
func TestStopTakesTheGraceTimeAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"), func(o *actors.Options) {
			dial := o.Dial
			o.Dial = func(ctx context.Context, m mqtt.Options) (mqtt.Session, error) {
				s, err := dial(ctx, m)
				return slowToClose{s}, err
			}
		})
		b.broker.locked(func() { b.broker.hold = true })
		b.arrive("home////a/me/C", "SLEEP")
		began := time.Now()
		b.stop()
		<-b.done
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the stop took %v of 10 s", took)
		}
		b.end()
	})
}

// A device may be called as one of our own actors is.
func TestDeviceCalledMapper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("mapper", "connection", "devices", "supervisor"))
		defer b.end()
		for _, name := range []string{"mapper", "connection", "devices", "supervisor"} {
			b.arrive("home////"+name+"/me/C", "BREAK")
		}
		time.Sleep(time.Second)
		for _, name := range []string{"mapper", "connection", "devices", "supervisor"} {
			b.arrive("home////"+name+"/me/C", "ON")
			if got := b.broker.published(); got[len(got)-1] != "home////"+name+"/gw/S ON" {
				t.Errorf("published last %q, want %s back", got[len(got)-1], name)
			}
		}
		if b.broker.attempts() != 1 {
			t.Error("the connection began again for a device of its name")
		}
	})
}

func TestNamesAreUnique(t *testing.T) {
	list := lamps("a", "b", "a")
	_, err := actors.New(actors.Options{Devices: list})
	if err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("two devices called a: %v, want an error that names them", err)
	}
}
