package entities

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// heard is a Listener that keeps what it is told, a line each.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) add(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

// take returns the lines since it was last called.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.lines
	h.lines = nil
	return lines
}

func (h *heard) Say(msg messages.InternalMsg, retain bool) { h.add(fmt.Sprintf("%v %v", msg, retain)) }

func (h *heard) Show(view, payload string, retain bool) {
	h.add(fmt.Sprintf("%s %s %v", view, payload, retain))
}

func (h *heard) Forget(about messages.Address) { h.add(fmt.Sprint("forget ", about)) }

func (h *heard) Reroute() { h.add("reroute") }

func (h *heard) want(t *testing.T, when string, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := h.take(); !slices.Equal(got, want) {
		t.Errorf("%s: told\n  %q\nwant\n  %q", when, got, want)
	}
}

func gate() entity.Device {
	return entity.Device{Address: messages.Address{Function: "Security", Device: "entry"}, Entities: []entity.Entity{
		{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "GATE_OPEN", "false": "GATE_CLOSE"}, Address: messages.Address{Device: "Gate"}},
		{ID: "calls", Kind: entity.Number, Report: entity.Report{AtMost: 10 * time.Second, Heartbeat: time.Hour}},
		{ID: "secret", Kind: entity.Text, Hidden: true},
		{ID: "bell", Kind: entity.Event, Options: []string{"rung"}},
	}}
}

// A Teller tells its description, then what is due: at once, or when its time has come.
func TestTeller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(heard)
		teller := NewTeller(h)
		if err := teller.Describe(gate()); err != nil {
			t.Fatal(err)
		}
		h.want(t, "described before the beginning")
		teller.Begin()
		begun := h.take()
		if info := `info {"address":{"function":"Security","device":"entry"},"entities":[{"id":"gate",`; !strings.HasPrefix(begun[0], info) ||
			strings.Contains(begun[0], "secret") {
			t.Errorf("told at the beginning: %q", begun)
		}
		if want := []string{
			`S Security///Gate: STATE {"gate":null} true`, `S Security///entry: STATE {"calls":null} true`, `values {"gate":null,"calls":null} true`,
		}; !slices.Equal(begun[1:], want) {
			t.Errorf("told behind the description: %q, want %q", begun[1:], want)
		}

		update := func(r ...entity.Reading) {
			t.Helper()
			if err := teller.Update(time.Now(), r...); err != nil {
				t.Error(err)
			}
		}
		update(entity.Boolean("gate", true, nil), entity.String("secret", "x", nil))
		h.want(t, "a word that has its address for itself",
			`S Security///Gate: STATE {"gate":true} false`, `S Security///Gate: GATE_OPEN true`, `values {"gate":true,"calls":null} true`)
		update(entity.Boolean("gate", true, nil))
		h.want(t, "unchanged")
		update(entity.Unknown("gate", fmt.Errorf("line broken")))
		h.want(t, "unknown: no word says so", `S Security///Gate: STATE {"gate":null} true`, `values {"gate":null,"calls":null} true`)

		time.Sleep(10 * time.Second)
		update(entity.Int("calls", 1, nil))
		h.want(t, "a first value", `S Security///entry: STATE {"calls":1} true`, `values {"gate":null,"calls":1} true`)
		update(entity.Int("calls", 2, nil))
		time.Sleep(9 * time.Second)
		h.want(t, "held back")
		time.Sleep(time.Second)
		h.want(t, "at the end of at most", `S Security///entry: STATE {"calls":2} true`, `values {"gate":null,"calls":2} true`)
		time.Sleep(time.Hour)
		h.want(t, "heartbeat", `S Security///entry: STATE {"calls":2} true`, `values {"gate":null,"calls":2} true`)

		teller.Rest(true)
		time.Sleep(3 * time.Hour)
		h.want(t, "no heartbeat while the device is down")
		teller.Rest(false)
		h.want(t, "a heartbeat when it is back", `S Security///entry: STATE {"calls":2} true`, `values {"gate":null,"calls":2} true`)
		time.Sleep(time.Hour)
		h.want(t, "but from then on", `S Security///entry: STATE {"calls":2} true`, `values {"gate":null,"calls":2} true`)

		if err := teller.Event("bell", "rung", messages.Argument{Key: "times", Value: messages.IntValue(2)}); err != nil {
			t.Error(err)
		}
		h.want(t, "an event", `S Security///entry: rung {"times":2} false`, `event/bell {"event_type":"rung","times":2} false`)
		if got := teller.Happened(); len(got) != 1 || got[Happened{"bell", "rung"}] != 1 {
			t.Errorf("events that have happened: %v", got)
		}
		teller.Again([]messages.Address{{Function: "Security", Device: "entry"}})
		h.want(t, "again", `S Security///entry: STATE {"calls":2} true`, `values {"gate":null,"calls":2} true`)

		for _, wrong := range []error{
			teller.Event("bell", "burnt"), teller.Event("gate", "rung"), teller.Event("nothing", "rung"),
			teller.Update(time.Now(), entity.Int("nothing", 1, nil)),
			teller.Describe(entity.Device{Entities: []entity.Entity{{ID: "twice", Kind: entity.Text}, {ID: "twice", Kind: entity.Text}}}),
		} {
			if wrong == nil {
				t.Error("a mistake is no error")
			}
		}
		if err := teller.Describe(gate()); err != nil {
			t.Error(err)
		}
		h.want(t, "mistakes, and the same description again")

		less := gate()
		less.Entities = less.Entities[3:]
		if err := teller.Describe(less); err != nil {
			t.Error(err)
		}
		info := `info {"address":{"function":"Security","device":"entry"},"entities":[{"id":"bell","kind":"event","options":["rung"]}]} true`
		h.want(t, "no values any more", "reroute", info, "forget {Security   Gate}", "forget {Security   entry}", "values  true")
		if err := teller.Describe(gate()); err != nil {
			t.Error(err)
		}
		h.take()
		update(entity.Int("calls", 3, nil))
		teller.End()
		h.take()
		update(entity.Int("calls", 4, nil))
		time.Sleep(2 * time.Hour)
		h.want(t, "over")
	})
}

// An author may write to what he has described, and describe it again.
func TestWholeSharesNothing(t *testing.T) {
	teller := NewTeller(new(heard))
	mine := entity.Device{Entities: []entity.Entity{
		{ID: "mode", Kind: entity.Enum, Write: true, Options: []string{"eco", "full"}, Words: map[string]string{"eco": "ECO", "full": "FULL"}},
		{ID: "level", Kind: entity.Number, Write: true, Min: entity.F(0), Max: entity.F(10), Step: entity.F(1), Decimals: entity.D(0)},
	}}
	for _, change := range []func(mode, level *entity.Entity){
		func(mode, _ *entity.Entity) { mode.Name = "Mode" },
		func(mode, _ *entity.Entity) { mode.Options[1] = "eco_plus"; delete(mode.Words, "full") },
		func(mode, _ *entity.Entity) { mode.Words["eco"] = "SAVE" },
		func(_, level *entity.Entity) { *level.Max = 20 },
		func(_, level *entity.Entity) { *level.Decimals = 1 },
	} {
		before := teller.Description()
		if err := teller.Describe(Whole(mine, messages.Address{Device: "d"})); err != nil {
			t.Fatal(err)
		}
		if teller.Description() == before {
			t.Error("another description is taken for the one before")
		}
		change(&mine.Entities[0], &mine.Entities[1])
	}
	if before := teller.Description(); before.is(Whole(mine, messages.Address{Device: "d"})) {
		t.Error("a description has changed by itself")
	}
}

// A value that has not changed costs no memory.
func TestUnchangedAllocatesNothing(t *testing.T) {
	teller := NewTeller(new(heard))
	if err := teller.Describe(gate()); err != nil {
		t.Fatal(err)
	}
	teller.Begin()
	at, readings := time.Now(), []entity.Reading{entity.Boolean("gate", true, nil), entity.Int("calls", 7, nil)}
	update := func() {
		if err := teller.Update(at, readings...); err != nil {
			t.Error(err)
		}
	}
	update()
	if n := testing.AllocsPerRun(1000, update); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	teller.End()
}

// Whatever goroutines update values, they leave in the order in which they were told: the last that is said is so.
func TestOrderOfManyGoroutines(t *testing.T) {
	h := new(heard)
	teller := NewTeller(h)
	d := entity.Device{Address: messages.Address{Device: "m"}, Entities: []entity.Entity{{ID: "a", Kind: entity.Number}, {ID: "b", Kind: entity.Number}}}
	if err := teller.Describe(d); err != nil {
		t.Fatal(err)
	}
	teller.Begin()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 200 {
				if err := teller.Update(time.Now(), entity.Int([]string{"a", "b"}[g%2], int64(1000*g+n), nil)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	lines := h.take()
	last := lines[len(lines)-1]
	if want := fmt.Sprintf("values %s true", teller.set.Values().Raw()); last != want {
		t.Errorf("said last %s, want %s", last, want)
	}
	for _, s := range teller.set.States() {
		if s.Told != s.Value {
			t.Errorf("%s is %v, and was told to be %v", s.ID, s.Value, s.Told)
		}
	}
	teller.End()
}
