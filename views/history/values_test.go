package history

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// valued is a device with a number, a bool, and what has no past.
func valued(name string, power, relay messages.Value) actors.Figures {
	return actors.Figures{
		DeviceInfo: actors.DeviceInfo{Name: name},
		Description: entity.Device{Entities: []entity.Entity{
			{ID: "power", Kind: entity.Number}, {ID: "press", Kind: entity.Button}, {ID: "mode", Kind: entity.Enum}, {ID: "inside", Kind: entity.Number, Hidden: true}, {ID: "relay", Kind: entity.Bool},
		}},
		States: []entity.State{{ID: "power", Value: power}, {ID: "mode", Value: messages.TextValue("heat")}, {ID: "inside", Value: power}, {ID: "relay", Value: relay}},
	}
}

// pasts writes points as values with the seconds before now.
func pasts(h *History, device string) string {
	var all []string
	for _, id := range []string{"power", "relay", "mode", "inside", "energy"} {
		points, ok := h.Points(device)[id]
		if !ok {
			continue
		}
		text := id
		for _, p := range points {
			text += fmt.Sprintf(" %v@%d", p.Value, int(time.Until(p.At).Seconds()))
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// The values of Numbers and Bools have a past of ten minutes, in which those that were not known are gaps.
func TestPoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gateway{}
		h := New(g)
		look := func(figures ...actors.Figures) {
			time.Sleep(Step)
			g.figures = figures
			h.look(Step)
		}
		wants := func(want string) {
			t.Helper()
			if got := pasts(h, "boiler"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
		number, on, off := messages.IntValue, messages.BoolValue(true), messages.BoolValue(false)
		look(valued("boiler", number(5), on))
		wants("power 5@0, relay 1@0")
		look(valued("boiler", number(5), on))
		look(valued("boiler", number(5), on))
		wants("power 5@-10 5@0, relay 1@-10 1@0")
		if h.series != 0 {
			t.Errorf("%d pasts of values that have not changed", h.series)
		}
		look(valued("boiler", messages.Value{}, on))
		look(valued("boiler", messages.Value{}, off))
		look(valued("boiler", number(7), off))
		wants("power 5@-25 5@-15 NaN@-10 NaN@-5 7@0, relay 1@-25 1@-10 0@-5 0@0")
		for range Steps {
			look(valued("boiler", number(7), off))
		}
		wants("power 7@-595 7@0, relay 0@-595 0@0")

		// It describes itself anew.
		anew := valued("boiler", number(8), on)
		anew.Description.Entities = append([]entity.Entity{{ID: "energy", Kind: entity.Number}}, anew.Description.Entities[:1]...)
		anew.States = append([]entity.State{{ID: "energy", Value: number(1)}}, anew.States[:1]...)
		look(anew)
		wants("power 7@-595 7@-5 8@0, energy 1@0")
		if h.series != 1 {
			t.Errorf("%d pasts, want that of power", h.series)
		}
		look()
		if h.series != 0 || h.Points("boiler") != nil {
			t.Errorf("%d pasts of a device that is gone: %v", h.series, h.Points("boiler"))
		}
	})
}

// A crowd of devices costs a bounded memory, however many values change.
func TestPointsAreBounded(t *testing.T) {
	g := &gateway{}
	fill := func(value int64) {
		g.figures = g.figures[:0]
		for i := range 20_000 {
			g.figures = append(g.figures, valued(fmt.Sprint(i), messages.IntValue(value), messages.BoolValue(value%2 == 0)))
		}
	}
	h := New(g)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	fill(1)
	h.look(Step)
	before := heap()
	fill(2)
	began := time.Now()
	h.look(Step)
	t.Logf("a look at 20,000 devices with two values that change took %v", time.Since(began))
	grown := int64(heap()) - int64(before)
	t.Logf("40,000 values that change take %d kB, want %d kB of pasts", grown/1000, maxSeries*Steps*4/1000)
	if h.series != maxSeries || grown > 20<<20 {
		t.Errorf("%d pasts in %d bytes, want %d in 15 MB", h.series, grown, maxSeries)
	}
	if p := h.Points("19999")["power"]; len(p) != 1 || p[0].Value != 2 {
		t.Errorf("a value for which there was no room: %v", p)
	}
}
