package entity_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// walker drives a set at random, as its owner would, and checks after each step what must hold.
type walker struct {
	t        *testing.T
	random   *rand.Rand
	set      *entity.Set
	entities []entity.Entity
	now      time.Time
	toldAt   []time.Time      // of each entity
	told     []messages.Value // of each entity
	at       []float64        // where each entity's walk is
	steps    []string         // the latest, for a failure
	rests    bool             // there are no heartbeats
}

func TestSetRandomWalk(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := &walker{t: t, random: random, set: entity.NewSet(), now: begin}
		for i := range 1 + random.IntN(5) {
			e := entity.Entity{ID: fmt.Sprintf("e%d", i), Kind: entity.Number, Report: entity.Report{
				Deadband: []float64{0, 0.1, 1, 5}[random.IntN(4)],
				AtMost:   []time.Duration{0, time.Second, 10 * time.Second}[random.IntN(3)],
				Stale:    []time.Duration{0, 5 * time.Second, time.Minute}[random.IntN(3)],
			}}
			if random.IntN(2) == 0 {
				e.Report.Heartbeat = e.Report.AtMost + time.Duration(1+random.IntN(60))*time.Second
			}
			w.entities = append(w.entities, e)
		}
		if err := w.set.Describe(entity.Device{Entities: w.entities}); err != nil {
			t.Fatal(err)
		}
		w.toldAt, w.at = make([]time.Time, len(w.entities)), make([]float64, len(w.entities))
		w.told = make([]messages.Value, len(w.entities))
		w.hear(w.now, w.set.Due(w.now), true)
		for range 1000 {
			w.step()
			if t.Failed() {
				t.Fatalf("seed %d, after %q", seed, w.steps[max(0, len(w.steps)-12):])
			}
		}
	}
}

func (w *walker) step() {
	// Time goes on, but never past a moment at which the set is due: the owner has a timer.
	w.now = w.now.Add(time.Duration(w.random.Int64N(int64(3 * time.Second))))
	for {
		next, ok := w.set.Next()
		if !ok || next.After(w.now) {
			break
		}
		w.note("due at %s", next.Sub(begin))
		w.hear(next, w.set.Due(next), false)
		if again, ok := w.set.Next(); ok && !again.After(next) {
			w.t.Errorf("due at %s, and then at %s", next, again)
			return
		}
	}
	i := w.random.IntN(len(w.entities))
	id := w.entities[i].ID
	switch w.random.IntN(20) {
	case 0:
		w.update(entity.Unknown(id, errors.New("broken")))
	case 1:
		w.update(entity.Float(id, math.NaN(), nil))
	case 2:
		w.note("all")
		w.hear(w.now, w.set.All(w.now), true)
	case 3:
		if news := w.set.Due(w.now); len(news.Changed) > 0 {
			w.t.Errorf("told although nothing was due: %+v", news)
		}
	case 4:
		w.note("describe")
		if err := w.set.Describe(w.set.Device()); err != nil {
			w.t.Fatal(err)
		}
		w.hear(w.now, w.set.Due(w.now), true)
	case 5:
		w.rests = !w.rests
		w.note("rest %t", w.rests)
		if w.set.Rest(w.rests); !w.rests {
			w.hear(w.now, w.set.Due(w.now), false)
		}
	case 6:
		w.at[i] = float64(w.random.IntN(1000)) / 10
		w.update(entity.Float(id, w.at[i], nil))
	default: // a slow drift
		w.at[i] += float64(w.random.IntN(5)) / 20
		w.update(entity.Float(id, w.at[i], nil))
	}
	w.check()
}

func (w *walker) update(r entity.Reading) {
	w.note("%s=%s", r.ID, r.Value)
	before, was := w.set.Next()
	due, err := w.set.Update(w.now, r)
	if err != nil {
		w.t.Error(err)
	}
	next, ok := w.set.Next()
	if earlier := ok && (!was || next.Before(before) || !next.After(w.now)); due != earlier {
		w.t.Errorf("due: %t, though it was due at %s and is at %s", due, before, next)
	}
	if ok && !next.After(w.now) {
		w.hear(w.now, w.set.Due(w.now), false)
	}
}

func (w *walker) note(format string, args ...any) {
	w.steps = append(w.steps, w.now.Sub(begin).String()+" "+fmt.Sprintf(format, args...))
}

// hear checks what is told. Asked for is what may be told at any time.
func (w *walker) hear(now time.Time, news entity.News, asked bool) {
	for _, st := range news.Changed {
		var i int
		if _, err := fmt.Sscanf(st.ID, "e%d", &i); err != nil {
			w.t.Fatal(err)
		}
		r := w.entities[i].Report
		if next := w.toldAt[i].Add(r.AtMost); !asked && next.After(now) {
			w.t.Errorf("%s is told at %s, and was at %s, within %s", st.ID, now, w.toldAt[i], r.AtMost)
		}
		beat := r.Heartbeat > 0 && !w.rests && !w.toldAt[i].Add(r.Heartbeat).After(now)
		if !asked && !beat && w.told[i].Equal(st.Told) {
			w.t.Errorf("%s is told to be %s again, without a heartbeat", st.ID, st.Told)
		}
		if !st.Told.Equal(st.Value) {
			w.t.Errorf("%s is told to be %s, and is %s", st.ID, st.Told, st.Value)
		}
		w.toldAt[i], w.told[i] = now, st.Told
	}
}

// check checks what must hold when nothing is due.
func (w *walker) check() {
	for i, st := range w.set.States() {
		r := w.entities[i].Report
		if st.Reason == nil != (st.Value.Kind() == messages.Number) {
			w.t.Errorf("%s is %s, because of %v", st.ID, st.Value, st.Reason)
		}
		if r.Stale > 0 && st.Reason == nil && w.now.Sub(st.Confirmed) >= r.Stale {
			w.t.Errorf("%s is known, though it was not confirmed since %s", st.ID, st.Confirmed)
		}
		if r.Heartbeat > 0 && !w.rests && w.now.Sub(w.toldAt[i]) > r.Heartbeat {
			w.t.Errorf("%s was last told at %s, more than %s ago", st.ID, w.toldAt[i], r.Heartbeat)
		}
		if w.toldAt[i].Add(r.AtMost).After(w.now) {
			continue
		}
		current, known := st.Value.Float()
		told, wasKnown := st.Told.Float()
		if known != wasKnown || math.Abs(current-told) > r.Deadband+1e-9 {
			w.t.Errorf("%s is %s and told to be %s, with a deadband of %v", st.ID, st.Value, st.Told, r.Deadband)
		}
	}
}
