package entities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// house has two lamps and a dimmer in rooms of its own, what only derived values know, and what can only be read.
func house() entity.Device {
	lamp := map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}
	return entity.Device{Address: messages.Address{Function: "Lighting", Device: "house"}, Entities: []entity.Entity{
		{ID: "hall", Kind: entity.Bool, Write: true, Words: lamp, Address: messages.Address{Location: "Hall"}},
		{ID: "attic", Kind: entity.Bool, Write: true, Words: lamp, Address: messages.Address{Location: "Attic"}},
		{ID: "dimmer", Kind: entity.Number, Unit: "%", Write: true, Min: entity.F(0), Max: entity.F(100), Address: messages.Address{Location: "Attic"}},
		{ID: "mode", Kind: entity.Enum, Write: true, Options: []string{"eco", "full"}},
		{ID: "power", Kind: entity.Number, Unit: "W"},
		{ID: "seen", Kind: entity.Bool, Words: map[string]string{"true": "SEEN"}},
		{ID: "raw", Kind: entity.Number, Hidden: true},
		{ID: "all_off", Kind: entity.Button},
		{ID: "identify", Kind: entity.Button, Words: map[string]string{entity.Press: "BLINK"}, Address: messages.Address{Location: "Hall"}},
	}}
}

func TestAsk(t *testing.T) {
	teller := NewTeller(new(heard))
	if err := teller.Describe(house()); err != nil {
		t.Fatal(err)
	}
	const notMine = "not for this device"
	for _, row := range []struct {
		command string // address: action and arguments
		want    string
	}{
		{`{"location":"Hall","action":"SET","arguments":{"hall":true}}`, "[hall=true] []"},
		{`{"action":"SET","arguments":{"hall":"OFF","dimmer":"50","mode":"eco","id":7,"reply":true}}`, `[hall=false dimmer=50 mode="eco"] []`},
		{`{"action":"SET","arguments":{"all_off":1}}`, "[all_off=null] []"},
		{`{"location":"Hall","action":"SET","arguments":{"attic":true}}`, notMine},
		{`{"location":"Hall","action":"SET","arguments":{"attic":true,"hall":true}}`, "attic: there is no such entity"},
		{`{"location":"Cellar","device":"other","action":"SET","arguments":{"hall":true}}`, notMine},
		{`{"action":"SET","arguments":{"unheard_of":1}}`, notMine},
		{`{"action":"SET","arguments":{"raw":1}}`, notMine},
		{`{"action":"SET","arguments":{"id":1}}`, "SET of nothing: want an argument, the ID of an entity with its value"},
		{`{"action":"SET","arguments":{"dimmer":101,"mode":"off","power":5,"hall":true}}`,
			"dimmer: 101 is above 100 %; mode: \"off\", want one of eco, full; power: can't be set"},
		{`{"action":"SET","arguments":{"hall":null}}`, "hall: null, want true or false"},
		{`{"action":"GET"}`, "[] [{Lighting  Hall house} {Lighting  Attic house} {Lighting   house}]"},
		{`{"location":"Attic","action":"GET"}`, "[] [{Lighting  Attic house} {Lighting   house}]"},
		{`{"function":"Heating","action":"GET"}`, notMine},
		{`{"action":"LIGHT_ON"}`, "[hall=true attic=true] []"},
		{`{"location":"Attic","action":"LIGHT_OFF"}`, "[attic=false] []"},
		{`{"location":"Cellar","action":"LIGHT_OFF"}`, notMine},
		{`{"action":"ALL_OFF"}`, "[all_off=null] []"},
		{`{"location":"Hall","action":"BLINK"}`, "[identify=null] []"},
		{`{"action":"IDENTIFY"}`, "[] []"},
		{`{"action":"SEEN"}`, "[] []"},
		{`{"action":"MAKE_COFFEE"}`, "[] []"},
		{`{"type":"S","action":"SET","arguments":{"hall":true}}`, "[] []"},
	} {
		v, err := messages.ParseValue(row.command)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := messages.FromValue(v)
		if err != nil {
			if v, err = messages.ParseValue(`{"type":"C",` + row.command[1:]); err == nil {
				msg, err = messages.FromValue(v)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := teller.Description().Ask(msg)
		if got := shown(r, err); got != row.want {
			t.Errorf("%s: asks for\n%s, want\n%s", row.command, got, row.want)
		}
		if err != nil && errors.Is(err, devices.ErrAction) == errors.Is(err, devices.ErrNotMine) {
			t.Errorf("%s: is refused by %v", row.command, err)
		}
	}
}

// A device that refuses a command which names neither itself nor an entity of its was not meant.
func TestHandled(t *testing.T) {
	at := messages.Address{Function: "Lighting", Device: "house"}
	described := func(d entity.Device) *Description { return NewDescription(Whole(d, at)) }
	hall := entity.Entity{ID: "hall", Kind: entity.Bool, Address: messages.Address{Location: "Hall"}}
	hidden := entity.Entity{ID: "raw", Kind: entity.Number, Hidden: true, Address: messages.Address{Gateway: "gw"}}
	whole := entity.Device{Entities: []entity.Entity{hall, hidden}}
	no := fmt.Errorf("MAKE_COFFEE: %w", devices.ErrAction)
	for _, row := range []struct {
		device  *Description
		to      messages.Address
		err     error
		notMine bool
	}{
		{described(whole), messages.Address{}, no, true},
		{described(whole), messages.Address{Gateway: "gw"}, no, true}, // of what is hidden nobody knows
		{described(whole), messages.Address{Function: "Lighting"}, no, false},
		{described(whole), messages.Address{Device: "house"}, no, false},
		{described(whole), messages.Address{Location: "Hall"}, no, false},
		{described(whole), messages.Address{}, io.ErrUnexpectedEOF, false},
		{described(whole), messages.Address{}, nil, false},
		{described(entity.Device{}), messages.Address{}, no, false}, // it may know any action
		{nil, messages.Address{}, no, false},
	} {
		err := row.device.Handled(messages.New(messages.Command, row.to, "MAKE_COFFEE"), row.err)
		if errors.Is(err, devices.ErrNotMine) != row.notMine || !errors.Is(err, row.err) {
			t.Errorf("%v to %v: %v", row.err, row.to, err)
		}
	}
}

// Entities are set by their IDs whatever the message's address is, all or none of them. What is set at the topic of one is text.
func TestAskByID(t *testing.T) {
	teller := NewTeller(new(heard))
	set := messages.New(messages.Command, messages.Address{Device: "elsewhere"}, entity.ActionSet)
	if _, err := teller.Description().AskByID(set.WithArg("hall", messages.BoolValue(true))); !errors.Is(err, devices.ErrAction) {
		t.Errorf("without entities: %v", err)
	}
	if err := teller.Describe(house()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ id, payload, want string }{
		{"hall", "ON", "[hall=true] []"},
		{"dimmer", "21.5", "[dimmer=21.5] []"},
		{"mode", "full", `[mode="full"] []`},
		{"all_off", "", "[all_off=null] []"},
		{"dimmer", "bright", `dimmer: "bright", want a number`},
		{"power", "5", "power: can't be set"},
		{"raw", "5", "raw: there is no such entity"},
		{"unheard_of", "5", "unheard_of: there is no such entity"},
	} {
		r, err := teller.Description().AskByID(set.WithArg(row.id, messages.TextValue(row.payload)))
		if got := shown(r, err); got != row.want {
			t.Errorf("%s %q: asks for %s, want %s", row.id, row.payload, got, row.want)
		}
	}
	both := set.WithArg("hall", messages.BoolValue(false)).WithArg("dimmer", messages.IntValue(7))
	if got, want := shown(teller.Description().AskByID(both)), "[hall=false dimmer=7] []"; got != want {
		t.Errorf("two: asks for %s, want %s", got, want)
	}
	if got, want := shown(teller.Description().AskByID(both.WithArg("power", messages.IntValue(5)).WithArg("x", messages.IntValue(5)))), "power: can't be set; x: there is no such entity"; got != want {
		t.Errorf("two, and two that can't be: %s, want %s", got, want)
	}
}

func shown(r Request, err error) string {
	if err != nil {
		return err.Error()
	}
	changes := make([]string, len(r.Changes))
	for i, c := range r.Changes {
		changes[i] = c.ID + "=" + c.Value.Raw()
	}
	return fmt.Sprint(changes, r.At)
}

func TestAnswerView(t *testing.T) {
	msg := messages.New(messages.Command, messages.Address{}, entity.ActionSet)
	for _, row := range []struct{ got, want string }{
		{AnswerView("hall", messages.Handled, "", msg), `{"entity":"hall","response":"OK"}`},
		{AnswerView(`"`, messages.Rejected, "no", msg.WithArg("id", messages.IntValue(5))), `{"entity":"\"","response":"REJECTED","reason":"no","id":5}`},
	} {
		if row.got != row.want {
			t.Errorf("%s, want %s", row.got, row.want)
		}
	}
}

// gauge is a device that reads when it is asked to, and sets nothing.
type gauge struct {
	teller *Teller
	err    error
}

func (*gauge) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }
func (*gauge) Close() error                                       { return nil }

func (g *gauge) Read(context.Context) error {
	if g.err != nil {
		return g.err
	}
	return g.teller.Update(time.Now(), entity.Int("level", 7, nil))
}

// GET reads, and then says the values in any case; a device that fails to read has failed.
func TestDo(t *testing.T) {
	h := new(heard)
	g := &gauge{teller: NewTeller(h)}
	if err := g.teller.Describe(entity.Device{Entities: []entity.Entity{{ID: "level", Kind: entity.Number, Write: true}}}); err != nil {
		t.Fatal(err)
	}
	g.teller.Begin()
	for _, row := range []struct {
		broken  error
		request Request
		err     error
		said    int
	}{
		{nil, Request{At: []messages.Address{{}}}, nil, 2},
		{nil, Request{At: []messages.Address{{}}}, nil, 1},
		{io.EOF, Request{At: []messages.Address{{}}}, io.EOF, 0},
		{nil, Request{Changes: []entity.Change{{ID: "level"}}}, devices.ErrAction, 0},
	} {
		h.take()
		g.err = row.broken
		if err := g.teller.Do(t.Context(), g, row.request); !errors.Is(err, row.err) {
			t.Errorf("%v: %v, want %v", row.request, err, row.err)
		}
		said := 0
		lines := h.take()
		for _, line := range lines {
			if line == `S ///: STATE {"level":7} true` {
				said++
			}
		}
		if said != row.said {
			t.Errorf("%v: said %q, want STATE %d times", row.request, lines, row.said)
		}
	}
	g.teller.End()
}

// Whatever a message says: it asks for what the description allows, at its address, all or nothing.
func FuzzAsk(f *testing.F) {
	for _, seed := range []string{
		`{"type":"C","location":"Attic","action":"SET","arguments":{"attic":true,"dimmer":"50","id":1}}`,
		`{"type":"C","function":"Lighting","action":"SET","arguments":{"dimmer":1e999,"mode":"eco","power":5}}`,
		`{"type":"C","device":"house","action":"GET"}`, `{"type":"C","action":"LIGHT_ON"}`, `{"type":"S","action":"SET","arguments":{"hall":true}}`,
		`{"type":"C","action":"SET","arguments":{"hall":[{}],"all_off":null,"reply":true}}`,
	} {
		f.Add(seed)
	}
	teller := NewTeller(new(heard))
	if err := teller.Describe(house()); err != nil {
		f.Fatal(err)
	}
	n := teller.Description()
	f.Fuzz(func(t *testing.T, literal string) {
		v, err := messages.ParseValue(literal)
		if err != nil {
			t.Skip()
		}
		msg, err := messages.FromValue(v)
		if err != nil {
			t.Skip()
		}
		r, err := n.Ask(msg)
		if err != nil && (!r.IsZero() || errors.Is(err, devices.ErrAction) == errors.Is(err, devices.ErrNotMine) || err.Error() == "") {
			t.Fatalf("%v asks for %v, and is refused by %v", msg, r, err)
		}
		if !r.IsZero() && msg.Type() != messages.Command || r.Changes != nil && r.At != nil {
			t.Fatalf("%v asks for %v", msg, r)
		}
		for _, c := range r.Changes {
			e, ok := n.entity(c.ID)
			if !ok || e.Hidden || !matches(n.device.AddressOf(e), msg.Address()) {
				t.Fatalf("%v asks for %v", msg, r)
			}
			if again, err := e.Change(c.Value); err != nil || again != c {
				t.Fatalf("%v asks for %v, which is %v (%v)", msg, c, again, err)
			}
		}
		for _, at := range r.At {
			if !matches(at, msg.Address()) {
				t.Fatalf("%v asks for %v", msg, r)
			}
		}
	})
}
