package actors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// voices has the Env of each ear that is open, by its name.
var voices sync.Map

// say has an ear emit a message, and waits until all that comes of it is at rest.
func (b *bench) say(device string, msg messages.InternalMsg) devices.Receipt {
	b.t.Helper()
	env, ok := voices.Load(device)
	if !ok {
		b.t.Fatalf("there is no device %q", device)
	}
	receipt := env.(devices.Env).Emit(msg)
	synctest.Wait()
	return receipt
}

// ordered returns a command, and observed a status.
func ordered(to messages.Address, action string, args ...messages.Argument) messages.InternalMsg {
	return messages.New(messages.Command, to, action).WithArgs(args...)
}

func observed(to messages.Address, action string, args ...messages.Argument) messages.InternalMsg {
	return messages.New(messages.Status, to, action).WithArgs(args...)
}

// What a device emits reaches the broker, and the other devices that it finds.
func TestNeighboursHear(t *testing.T) {
	hall, all := messages.Address{Location: "Hall"}, messages.Address{}
	answer := messages.Argument{Key: messages.ArgResponse, Value: messages.TextValue("OK")}
	for _, row := range []struct {
		name  string
		msg   messages.InternalMsg
		heard []string
		sent  string
	}{
		{"a command", ordered(hall, "ON"), []string{"b: C ON"}, "home///Hall//gw/C ON"},
		{"a status", observed(hall, "ON"), []string{"b: S ON"}, "home///Hall//gw/S ON"},
		{"to all", ordered(all, "ON"), []string{"b: C ON", "c: C ON"}, "home/////gw/C ON"},
		{"to itself", ordered(messages.Address{Device: "a"}, "ON"), nil, "home////a/gw/C ON"},
		{"to nobody here", ordered(messages.Address{Device: "x"}, "ON"), nil, "home////x/gw/C ON"},
		{"an answer", observed(hall, "ON", answer), nil, `home///Hall//gw/S {"action":"ON","response":"OK"}`},
		{"under another's name", observed(hall, "ON").WithSender("me"), nil, "home///Hall//me/S ON"},
		{"under its own", observed(hall, "ON").WithSender("gw"), []string{"b: S ON"}, "home///Hall//gw/S ON"},
		{"what cannot be said", observed(messages.Address{Location: "Hall", Function: "a/b"}, "ON"), nil, ""},
		{"null stays null", observed(hall, "STATE", messages.Argument{Key: "x"}), []string{"b: S STATE"}, `home///Hall//gw/S {"action":"STATE","x":null}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, neighbours())
				defer b.end()
				b.heard()
				b.say("a", row.msg)
				heard, sent := b.heard(), b.broker.published()
				if want := slices.DeleteFunc([]string{row.sent}, func(s string) bool { return s == "" }); !slices.Equal(heard, row.heard) || !slices.Equal(sent, want) {
					t.Errorf("heard %q, published %q; want %q and %q", heard, sent, row.heard, want)
				}
				if row.sent != "" { // the broker sends it back
					topic, payload, _ := strings.Cut(row.sent, " ")
					b.arrive(topic, payload)
				}
				var want []string
				if strings.Contains(row.sent, "/me/") {
					want = []string{"a: S ON", "b: S ON"}
				}
				if again := b.heard(); !slices.Equal(again, want) {
					t.Errorf("heard %q when it came from the broker, want %q", again, want)
				}
			})
		})
	}
}

// neighbours are three ears, of which two are in the hall.
func neighbours() []config.Device {
	list := ears("a", "b", "c")
	for i := range list {
		list[i].AnswersTo.Location = []string{[]string{"Hall", "Hall", "Attic"}[i]}
	}
	return list
}

// A map that does not let a message out keeps it from the neighbours as well.
func TestNeighboursHearNothingThatTheMapRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, neighbours(), func(o *actors.Options) {
			file, _, err := mapping.Parse([]byte(`{"root": "home", "topics": ["home/#"], "action": {"maptype": "strict", "map": {"ON": ["on"]}}}`))
			if err == nil {
				o.Codec, err = mapping.New("gw", file)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		defer b.end()
		b.heard()
		b.say("a", ordered(messages.Address{}, "OFF"))
		b.say("a", ordered(messages.Address{}, "ON"))
		if got, want := b.heard(), []string{"b: C ON", "c: C ON"}; !slices.Equal(got, want) {
			t.Errorf("heard %q, want what the map lets out, in internal words: %q", got, want)
		}
	})
}

// Neighbours hear each other while the broker is away, and no more once the gateway stops.
func TestNeighboursNeedNoBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, neighbours())
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errors.New("gone"))
		synctest.Wait()
		b.heard()
		b.say("a", ordered(messages.Address{}, "ON"))
		if got, want := b.heard(), []string{"b: C ON", "c: C ON"}; !slices.Equal(got, want) {
			t.Errorf("heard %q while the broker was away, want %q", got, want)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		b.end() // each says a last word
		if lines := mentions(b.log.take(), "CLOSED"); len(lines) > 0 {
			t.Errorf("heard at the end: %q", lines)
		}
		if c := b.gateway.Counters(); c.TurnedAway.Load() > 0 || c.Told.Load() != 1 {
			t.Errorf("%d messages were refused and %d told, want none and 1", c.TurnedAway.Load(), c.Told.Load())
		}
	})
}

// How a command went that a device has emitted is told at the broker, by the rule for all commands, and to nobody here.
func TestAnswersToNeighbours(t *testing.T) {
	for _, row := range []struct {
		name  string
		reply string
		to    messages.Address
		asks  bool
		doing string
		want  string // the answer's payload; none if empty
	}{
		{"asked for", config.ReplyNever, messages.Address{Gateway: "g"}, true, "ON", `{"action":"ON","response":"OK"}`},
		{"not asked for", config.ReplyNever, messages.Address{Gateway: "g"}, false, "ON", ""},
		{"addressed", config.ReplyAddressed, messages.Address{Gateway: "g"}, false, "ON", `{"action":"ON","response":"OK"}`},
		{"refused", config.ReplyNever, messages.Address{Device: "b"}, true, "REFUSE", `{"action":"REFUSE","response":"REJECTED","reason":"b: action refused"}`},
		{"nobody's", config.ReplyNever, messages.Address{Gateway: "g"}, true, "PASS", ""},
		{"nobody found", config.ReplyNever, messages.Address{Gateway: "g", Device: "x"}, true, "ON", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := ears("a", "b", "c")
				for i := range list {
					list[i].Reply, list[i].AnswersTo.Gateway = row.reply, []string{"g"}
				}
				b := start(t, list)
				defer b.end()
				b.log.take()
				msg := ordered(row.to, row.doing)
				if row.asks {
					msg = msg.WithArg(messages.ArgReply, messages.BoolValue(true))
				}
				b.say("a", msg)
				got := of(b.broker.published(), func(m string) bool { return strings.Contains(m, `"response"`) })
				var want []string
				if row.want != "" {
					want = []string{"home//" + row.to.Gateway + "//" + row.to.Device + "/gw/S " + row.want}
				}
				if !slices.Equal(got, want) {
					t.Errorf("answers %q, want %q", got, want)
				}
				lines := b.log.take()
				if statuses := mentions(lines, "msg=S"); len(statuses) > 0 {
					t.Errorf("the answer was heard: %q", statuses)
				}
				if told := mentions(lines, "no device"); len(told) > 0 {
					t.Errorf("a device's own command was told of: %q", told)
				}
			})
		})
	}
}

// A neighbour whose mailbox is full refuses, and nobody waits.
func TestNeighbourIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := append(ears("a"), lamps("slow")...)
		list[1].Mailbox, list[1].Timeout = 3, time.Hour
		b := start(t, list)
		defer b.end()
		for _, action := range []string{"SLEEP", "1", "2", "3", "4", "5"} {
			b.say("a", ordered(messages.Address{Device: "slow"}, action))
		}
		if c := b.gateway.Counters(); c.TurnedAway.Load() != 2 || c.Told.Load() != 6 {
			t.Errorf("%d refused of %d, want 2 of 6", c.TurnedAway.Load(), c.Told.Load())
		}
		time.Sleep(2 * time.Minute)
		if n := b.gateway.Counters().Handled.Load(); n != 4 {
			t.Errorf("%d handled, want the first and the 3 that found room", n)
		}
	})
}

func init() { devices.Register("parrot", openParrot) }

type parrotParams struct {
	To string `koanf:"to" doc:"the device that hears all that this one hears"`
}

// parrot passes on to another device each command that it gets.
type parrot struct {
	env devices.Env
	to  string
}

func openParrot(_ context.Context, env devices.Env, p parrotParams) (devices.Device, error) {
	return &parrot{env, p.To}, nil
}

func (p *parrot) Handle(_ context.Context, msg messages.InternalMsg) error {
	p.env.Emit(msg.WithAddress(messages.Address{Device: p.to}).WithSender(""))
	return nil
}

func (p *parrot) Close() error { return nil }

// Two devices that pass everything on to each other end by themselves, and a line says so.
func TestCircleOfNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b")
		for i := range list {
			list[i].Type, list[i].Params = "parrot", map[string]any{"to": []string{"b", "a"}[i]}
		}
		b := start(t, list, func(o *actors.Options) { o.Outbox.Messages = 10_000 })
		defer b.end()
		b.log.take()
		b.arrive("home////a/me/C", "ON")
		n := len(b.broker.published())
		if n < 1000 || n > 2010 {
			t.Errorf("a circle has published %d messages, want about 2,000", n)
		}
		time.Sleep(5 * time.Minute)
		if lines := b.log.take(); len(lines) != 1 || len(mentions(lines, "WARN messages to other devices refused", "who=", "circle?")) != 1 {
			t.Errorf("logged %q, want one line", lines)
		}
		if more := len(b.broker.published()) - n; more != 0 {
			t.Errorf("%d messages more in 5 minutes", more)
		}
		b.arrive("home////a/me/C", "ON") // and there is another allowance
		if again := len(b.broker.published()) - n; again < 1000 {
			t.Errorf("the next circle has published %d messages", again)
		}
	})
}
