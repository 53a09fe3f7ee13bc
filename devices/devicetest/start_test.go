package devicetest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// line is a device on a transport. Its Run ends with the transport.
type line struct {
	env  devices.Env
	conn net.Conn
}

func (l *line) Handle(_ context.Context, msg messages.InternalMsg) error {
	_, err := l.conn.Write([]byte(msg.Action() + "\n"))
	return err
}

func (l *line) Run(context.Context) error {
	b := make([]byte, 1)
	for {
		if _, err := l.conn.Read(b); err != nil {
			return err
		}
		l.env.Emit(messages.New(messages.Status, l.env.Address(), string(b)))
	}
}

func (l *line) Close() error { return l.conn.Close() }

// openOn returns an opener whose transport is conn.
func openOn(conn net.Conn) func(context.Context, devices.Env, params) (devices.Device, error) {
	return func(_ context.Context, env devices.Env, _ params) (devices.Device, error) {
		return &line{env, conn}, nil
	}
}

// An opener need not be registered, and devices of one type have each a name and an address.
func TestStartWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i, options := range [][]devicetest.Option{nil, {devicetest.Name("hall"), devicetest.At(messages.Address{Location: "Hall"})}} {
			ours, theirs := net.Pipe()
			d := devicetest.StartWith(t, openOn(theirs), nil, options...)
			want := []messages.Address{{Device: "device"}, {Location: "Hall"}}[i]
			if name := []string{"device", "hall"}[i]; d.Name() != name || d.Address() != want || d.Gateway() != "gateway" {
				t.Errorf("%s at %v of %s, want %s at %v", d.Name(), d.Address(), d.Gateway(), name, want)
			}
			if _, err := ours.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if got, err := d.Next(time.Second); err != nil || got.Msg.Action() != "x" || got.Msg.Address() != want {
				t.Errorf("emitted %v, %v", got, err)
			}
		}
		d, err := devicetest.Open("talker", nil, devicetest.Name("other"))
		if err != nil || d.Name() != "other" || d.Address().Device != "other" {
			t.Errorf("opened %v, %v", d.Name(), err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err := devicetest.Open("talker", map[string]any{"who": 1})
	if !errors.Is(err, devices.ErrConfig) {
		t.Errorf("opened with %v", err)
	}
}

// A failure can be waited for, and is told once.
func TestFailure(t *testing.T) {
	start := func(t *testing.T) (ours net.Conn, d *devicetest.Device) {
		ours, theirs := net.Pipe()
		r := &recorder{TB: t}
		d = devicetest.StartWith(r, openOn(theirs), nil)
		t.Cleanup(func() {
			r.end()
			ours.Close()
			if len(r.errors) > 0 {
				t.Errorf("the test failed with %q", r.errors)
			}
		})
		return ours, d
	}
	t.Run("Run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ours, d := start(t)
			if err := d.Failure(time.Minute); err != nil {
				t.Errorf("it failed: %v", err)
			}
			ours.Close()
			<-d.Ended()
			if err := d.Failure(0); !errors.Is(err, io.EOF) {
				t.Errorf("it failed with %v, want EOF", err)
			}
		})
	})
	t.Run("Handle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := devicetest.Start(t, "listener", nil)
			if d.Ended() != nil {
				t.Error("there is a Run")
			}
			for _, row := range []struct {
				action string
				want   bool
			}{{"REFUSE", false}, {"PANIC", true}, {"REFUSE", true}} {
				err := d.Handle(messages.New(messages.Command, messages.Address{}, row.action))
				if failed := d.Failure(0); err == nil || (failed != nil) != row.want {
					t.Errorf("after %s, with %v, it failed with %v", row.action, err, failed)
				}
			}
		})
	})
}

// What no gateway would let out is refused, and the test fails unless it has looked.
func TestRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		msg  messages.InternalMsg
		says string
	}{
		{"a slash", messages.New(messages.Status, messages.Address{Location: "a/b"}, "ON"), `location: "a/b"`},
		{"a wildcard", messages.New(messages.Status, messages.Address{Device: "#"}, "ON"), "device: "},
		{"nothing", messages.New(messages.Status, messages.Address{}, ""), "action: empty"},
		{"no type", messages.InternalMsg{}.WithAction("ON"), "type: none"},
		{"two actions", messages.New(messages.Command, messages.Address{}, "ON").WithArg("action", messages.TextValue("OFF")), `argument "action"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, looks := range []bool{true, false} {
				d, err := devicetest.Open("listener", nil)
				if err != nil {
					t.Fatal(err)
				}
				r := d.Emit(row.msg)
				if <-r.Done(); !errors.Is(r.Err(), devices.ErrRefused) || !strings.Contains(r.Err().Error(), row.says) {
					t.Errorf("the receipt says %v", r.Err())
				}
				if looks {
					if refused := d.Refused(); len(refused) != 1 {
						t.Errorf("refused %q", refused)
					}
				}
				if err := d.Close(); (err == nil) != looks {
					t.Errorf("closed with %v", err)
				}
			}
		})
	}
}

// A device that doesn't return is given up, and nothing is taken for success.
func TestHangs(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(*devicetest.Device) error
		says string
	}{
		{"handle", func(d *devicetest.Device) error {
			return d.Handle(messages.New(messages.Command, messages.Address{}, "SLEEP"))
		}, "handle goes on 5s after its context has ended"},
		{"close", func(d *devicetest.Device) error { return d.Close() }, "close goes on after 10s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, err := devicetest.Open("sleeper", nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := row.do(d); err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("got %v, want that it says %q", err, row.says)
				}
				_ = d.Close()
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func init() {
	devices.Register("sleeper", func(context.Context, devices.Env, params) (devices.Device, error) { return sleeper{}, nil })
	actors.Register("actor", func(_ context.Context, env devices.Env, _ params) (actor.Actor, error) { return &parrot{env}, nil })
}

type sleeper struct{}

func (sleeper) Handle(context.Context, messages.InternalMsg) error { time.Sleep(time.Hour); return nil }

func (sleeper) Close() error { time.Sleep(time.Hour); return nil }

// parrot is a registered actor that repeats what it hears.
type parrot struct{ env devices.Env }

func (p *parrot) Receive(c actor.Context) {
	if r, ok := c.Message().(*actors.Request); ok {
		switch r.Msg.Action() {
		case "ON":
			p.env.Emit(r.Msg.WithType(messages.Status))
		case "BREAK":
			c.Send(c.Self(), actors.Failed{Err: errBroken})
		default:
			r.Answer(devices.ErrAction)
		}
	}
}

// A registered actor is tried out like any other device.
func TestRegisteredActor(t *testing.T) {
	d := devicetest.Start(t, "actor", nil)
	command := messages.New(messages.Command, messages.Address{}, "ON")
	if err := d.Handle(command); err != nil {
		t.Error(err)
	}
	if got, err := d.Next(time.Second); err != nil || got.Msg.Action() != "ON" {
		t.Errorf("emitted %v, %v", got, err)
	}
	if err := d.Handle(command.WithAction("OFF")); !errors.Is(err, devices.ErrAction) {
		t.Errorf("refused with %v", err)
	}
	if err := d.Handle(command.WithAction("BREAK")); err != nil {
		t.Error(err)
	}
	if err := d.Failure(10 * time.Second); !errors.Is(err, errBroken) {
		t.Errorf("failed with %v", err)
	}
	if d.Ended() == nil {
		t.Error("there is no Run")
	}
}
