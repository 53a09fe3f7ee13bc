package entity_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// A story is a conversation with a set. Each line is a moment in seconds, what happens at it, and what the set tells of it: statuses
// and words, "-" for nothing.
//
//	at     what happens            what is told
//	0      flow=21.5 pump=true     S ///boiler: STATE {"flow":21.5,"pump":true}
//
// What happens is a list of readings, in which "?WHY" is an error, or "due" for a timer, or "all" for somebody who asks.
func tellStory(t *testing.T, s *entity.Set, story string) {
	t.Helper()
	for line := range strings.Lines(story) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		fields := strings.SplitN(line, " | ", 3)
		if len(fields) != 3 {
			t.Fatalf("%q: want three fields", line)
		}
		at, err := time.ParseDuration(strings.TrimSpace(fields[0]) + "s")
		if err != nil {
			t.Fatal(err)
		}
		now := begin.Add(at)
		what := strings.TrimSpace(fields[1])
		var news entity.News
		switch what {
		case "all":
			news = s.All(now)
		case "due":
			if next, ok := s.Next(); !ok || next.After(now) {
				t.Errorf("%s: the set says that it is next due at %s (%t)", line, next.Sub(begin), ok)
			}
			news = s.Due(now)
		default:
			if due, _ := s.Update(now, readings(t, what)...); due {
				news = s.Due(now)
			}
		}
		if got, want := said(news), strings.TrimSpace(fields[2]); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}

func readings(t *testing.T, text string) (list []entity.Reading) {
	for _, word := range strings.Fields(text) {
		id, literal, _ := strings.Cut(word, "=")
		if why, ok := strings.CutPrefix(literal, "?"); ok {
			list = append(list, entity.Unknown(id, errors.New(why)))
			continue
		}
		v, err := messages.ParseValue(literal)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entity.Reading{ID: id, Value: v})
	}
	return list
}

func said(news entity.News) string {
	var list []string
	for _, s := range news.Statuses {
		list = append(list, s.Message().String())
	}
	for _, w := range news.Words {
		text := w.Message().String()
		if w.Alone {
			text += " alone"
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// newSet returns a set with the entities, after it has told that they are unknown.
func newSet(t testing.TB, entities ...entity.Entity) *entity.Set {
	t.Helper()
	s := entity.NewSet()
	if err := s.Describe(entity.Device{Entities: entities, Address: messages.Address{Device: "d"}}); err != nil {
		t.Fatal(err)
	}
	s.Due(begin)
	return s
}

func TestSetTells(t *testing.T) {
	number := func(id string, r entity.Report) entity.Entity {
		return entity.Entity{ID: id, Kind: entity.Number, Report: r}
	}
	for _, row := range []struct {
		name     string
		entities []entity.Entity
		story    string
	}{
		{"changes at once, and nothing twice", []entity.Entity{number("a", entity.Report{}), {ID: "on", Kind: entity.Bool}}, `
			1 | a=1               | S ///d: STATE {"a":1,"on":null}
			2 | a=1               | -
			3 | a=1.0             | -
			4 | a=2 on=true       | S ///d: STATE {"a":2,"on":true}
			5 | a=2 on=false      | S ///d: STATE {"a":2,"on":false}
			6 | all               | S ///d: STATE {"a":2,"on":false}`},
		{"what is past the deadband", []entity.Entity{number("a", entity.Report{Deadband: 0.2})}, `
			1 | a=21              | S ///d: STATE {"a":21}
			2 | a=21.2            | -
			3 | a=20.8            | -
			4 | a=21.21           | S ///d: STATE {"a":21.21}
			5 | a=21.01           | -
			6 | a=21.0            | S ///d: STATE {"a":21.0}`},
		{"a slow drift", []entity.Entity{number("a", entity.Report{Deadband: 1})}, `
			1 | a=0               | S ///d: STATE {"a":0}
			2 | a=0.5             | -
			3 | a=1               | -
			4 | a=1.5             | S ///d: STATE {"a":1.5}
			5 | a=2               | -
			6 | a=2.6             | S ///d: STATE {"a":2.6}`},
		{"the current value to whoever asks, within the deadband too", []entity.Entity{number("a", entity.Report{Deadband: 1})}, `
			1 | a=5               | S ///d: STATE {"a":5}
			2 | a=5.9             | -
			3 | all               | S ///d: STATE {"a":5.9}
			4 | a=6.5             | -`},
		{"the latest at the end of AtMost", []entity.Entity{number("a", entity.Report{AtMost: 10 * time.Second})}, `
			20 | a=1              | S ///d: STATE {"a":1}
			21 | a=2              | -
			22 | a=3              | -
			30 | due              | S ///d: STATE {"a":3}
			45 | a=4              | S ///d: STATE {"a":4}`},
		{"nothing at the end of AtMost if the value is back", []entity.Entity{number("a", entity.Report{AtMost: 10 * time.Second})}, `
			20 | a=1              | S ///d: STATE {"a":1}
			21 | a=2              | -
			22 | a=1              | -
			45 | a=1              | -`},
		{"a heartbeat", []entity.Entity{number("a", entity.Report{Heartbeat: time.Minute}), number("b", entity.Report{})}, `
			1   | a=1 b=1         | S ///d: STATE {"a":1,"b":1}
			61  | due             | S ///d: STATE {"a":1,"b":1}
			90  | a=2             | S ///d: STATE {"a":2,"b":1}
			150 | due             | S ///d: STATE {"a":2,"b":1}`},
		{"others as they were told", []entity.Entity{number("a", entity.Report{Deadband: 10}), number("b", entity.Report{AtMost: time.Minute}), number("c", entity.Report{})}, `
			100 | a=1 b=1 c=1     | S ///d: STATE {"a":1,"b":1,"c":1}
			101 | a=9 b=2 c=2     | S ///d: STATE {"a":1,"b":1,"c":2}
			160 | due             | S ///d: STATE {"a":1,"b":2,"c":2}`},
		{"what is stale as unknown", []entity.Entity{number("a", entity.Report{Stale: 30 * time.Second})}, `
			1  | a=1              | S ///d: STATE {"a":1}
			20 | a=1              | -
			50 | due              | S ///d: STATE {"a":null}
			60 | a=1              | S ///d: STATE {"a":1}`},
		{"what can't be read as unknown, once", []entity.Entity{number("a", entity.Report{Deadband: 5})}, `
			1 | a=1               | S ///d: STATE {"a":1}
			2 | a=?broken         | S ///d: STATE {"a":null}
			3 | a=?other          | -
			4 | a=null            | -
			5 | a=1               | S ///d: STATE {"a":1}`},
		{"a value of another kind as unknown", []entity.Entity{number("a", entity.Report{}), {ID: "e", Kind: entity.Enum, Options: []string{"on"}}}, `
			1 | a="1.5" e="on"    | S ///d: STATE {"a":1.5,"e":"on"}
			2 | a=true            | S ///d: STATE {"a":null,"e":"on"}
			3 | e="off"           | S ///d: STATE {"a":null,"e":null}
			4 | a=1e999 e=1       | -`},
		{"with its decimals", []entity.Entity{{ID: "a", Kind: entity.Number, Decimals: entity.D(1)}}, `
			1 | a=21.449          | S ///d: STATE {"a":21.4}
			2 | a=21.351          | -
			3 | a=21.45           | S ///d: STATE {"a":21.5}
			4 | a=-0.04           | S ///d: STATE {"a":0.0}`},
		{"words at changes", []entity.Entity{
			{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "OPEN", "false": "CLOSE"}, Report: entity.Report{Heartbeat: time.Minute}},
			{ID: "bell", Kind: entity.Bool, Words: map[string]string{"true": "RING"}, Address: messages.Address{Location: "x"}},
		}, `
			1  | gate=true        | S ///d: STATE {"gate":true}, S ///d: OPEN alone
			61 | due              | S ///d: STATE {"gate":true}
			62 | gate=?broken     | S ///d: STATE {"gate":null}
			63 | gate=true        | S ///d: STATE {"gate":true}, S ///d: OPEN alone
			64 | bell=true        | S //x/d: STATE {"bell":true}, S //x/d: RING alone
			65 | bell=false       | S //x/d: STATE {"bell":false}
			66 | all              | S ///d: STATE {"gate":true}, S //x/d: STATE {"bell":false}`},
		{"a word beside others", []entity.Entity{
			{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "OPEN"}},
			{ID: "stage", Kind: entity.Number, Words: map[string]string{"1": "ONE"}},
		}, `
			1 | gate=true stage=1.0 | S ///d: STATE {"gate":true,"stage":1.0}, S ///d: OPEN, S ///d: ONE`},
		{"a word that asking has overtaken", []entity.Entity{
			{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "OPEN"}, Report: entity.Report{AtMost: time.Minute}},
		}, `
			100 | gate=false      | S ///d: STATE {"gate":false}
			101 | gate=true       | -
			102 | all             | S ///d: STATE {"gate":true}, S ///d: OPEN alone`},
		{"nothing of what is hidden", []entity.Entity{{ID: "raw", Kind: entity.Number, Hidden: true, Report: entity.Report{Heartbeat: time.Second}}}, `
			1 | raw=1             | -
			9 | raw=2             | -
			9 | all               | -`},
	} {
		t.Run(row.name, func(t *testing.T) { tellStory(t, newSet(t, row.entities...), row.story) })
	}
}

func TestSetRefusesReadings(t *testing.T) {
	s := newSet(t, entity.Entity{ID: "a", Kind: entity.Number}, entity.Entity{ID: "press", Kind: entity.Button})
	_, err := s.Update(begin, entity.Int("a", 1, nil), entity.Int("b", 1, nil), entity.Boolean("a", true, nil), entity.Int("press", 1, nil))
	want := `reading of "b": the description has no such entity
reading of "a": the device gave true, want a number
reading of "press": is a button, which has no value`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhyUnknown(t *testing.T) {
	s := newSet(t, entity.Entity{ID: "a", Kind: entity.Number, Report: entity.Report{Stale: time.Minute}})
	for _, row := range []struct {
		reading entity.Reading
		want    string
	}{
		{entity.Float("a", math.NaN(), nil), "the device gave no number (NaN)"},
		{entity.Float32("a", float32(math.Inf(-1)), nil), "the device gave an infinite number"},
		{entity.Reading{ID: "a"}, "the device gave no value"},
		{entity.Decimal("a", "12,5", nil), `the device gave no number ("12,5")`},
		{entity.Unknown("a", errors.New("no answer")), "no answer"},
		{entity.String("a", "x", nil), `the device gave "x", want a number`},
	} {
		if st, _ := s.State("a"); st.Reason == nil {
			t.Error("known before it was read")
		}
		_, _ = s.Update(begin, row.reading)
		if st, ok := s.State("a"); !ok || st.Reason == nil || st.Reason.Error() != row.want || st.Value.Kind() != messages.Null {
			t.Errorf("%+v: got %+v, want %q", row.reading, st, row.want)
		}
	}
	if _, err := s.Update(begin, entity.Int("a", 1, nil)); err != nil {
		t.Fatal(err)
	}
	s.Due(begin.Add(time.Minute))
	if st, _ := s.State("a"); st.Reason == nil || st.Reason.Error() != "not confirmed for 1m0s" {
		t.Errorf("got %+v", st)
	}
}

// After NaN a value within the deadband of the one before is told: |v − NaN| > deadband would never be true again.
func TestNaNDoesNotSilenceTheDeadband(t *testing.T) {
	s := newSet(t, entity.Entity{ID: "a", Kind: entity.Number, Report: entity.Report{Deadband: 5}})
	for _, f := range []float64{20, math.NaN(), 20.5} {
		due, err := s.Update(begin, entity.Float("a", f, nil))
		if !due || err != nil {
			t.Fatalf("%v: %t, %v", f, due, err)
		}
		s.Due(begin)
	}
	if got := s.Values().Raw(); got != `{"a":20.5}` {
		t.Errorf("values: %s", got)
	}
}

func TestDescribeAgain(t *testing.T) {
	at := messages.Address{Device: "d"}
	gate := entity.Entity{ID: "gate", Kind: entity.Bool, Words: map[string]string{"true": "OPEN"}}
	s := newSet(t, entity.Entity{ID: "a", Kind: entity.Number}, gate,
		entity.Entity{ID: "b", Kind: entity.Number}, entity.Entity{ID: "mode", Kind: entity.Enum, Options: []string{"x", "y"}})
	tellStory(t, s, `1 | a=1.25 gate=true b=7 mode="x" | S ///d: STATE {"a":1.25,"gate":true,"b":7,"mode":"x"}, S ///d: OPEN`)

	gate.Address = messages.Address{Location: "door"}
	if err := s.Describe(entity.Device{Address: at, Entities: []entity.Entity{
		{ID: "mode", Kind: entity.Enum, Options: []string{"y"}}, {ID: "a", Kind: entity.Number, Decimals: entity.D(1)}, gate,
		{ID: "b", Kind: entity.Text}, {ID: "c", Kind: entity.Number},
	}}); err != nil {
		t.Fatal(err)
	}
	// Kind and options decide what stays; the gate's word is said again, for it moved.
	tellStory(t, s, `2 | due | S ///d: STATE {"mode":null,"a":1.3,"b":null,"c":null}, S //door/d: STATE {"gate":true}, S //door/d: OPEN alone`)
	if got, want := s.Values().Raw(), `{"mode":null,"a":1.3,"gate":true,"b":null,"c":null}`; got != want {
		t.Errorf("values: %s, want %s", got, want)
	}

	// The same again is told, without words: nothing has happened.
	if err := s.Describe(s.Device()); err != nil {
		t.Fatal(err)
	}
	tellStory(t, s, `3 | due | S ///d: STATE {"mode":null,"a":1.3,"b":null,"c":null}, S //door/d: STATE {"gate":true}`)

	// What is refused changes nothing.
	if err := s.Describe(entity.Device{Entities: []entity.Entity{{ID: "A", Kind: entity.Number}}}); err == nil {
		t.Error("a description with a wrong ID was taken")
	}
	if _, ok := s.State("a"); !ok {
		t.Error("a refused description has taken the place of the one before")
	}
	tellStory(t, s, `4 | a=1.25 | -`)
}

func TestDerived(t *testing.T) {
	sum := func(v []messages.Value) (messages.Value, error) {
		total := 0.0
		for _, v := range v {
			f, _ := v.Float()
			total += f
		}
		if total < 0 {
			return messages.Value{}, errors.New("below nothing")
		}
		return messages.FloatValue(total), nil
	}
	s := entity.NewSet()
	stale := entity.Report{Stale: time.Minute}
	device := entity.Device{Address: messages.Address{Device: "d"}, Entities: []entity.Entity{
		{ID: "all", Kind: entity.Number, Decimals: entity.D(1)}, {ID: "both", Kind: entity.Number, Hidden: true},
		{ID: "a", Kind: entity.Number, Hidden: true, Report: stale}, {ID: "b", Kind: entity.Number, Hidden: true}, {ID: "c", Kind: entity.Number, Hidden: true},
	}}
	if err := s.Describe(device,
		entity.Derived{ID: "all", From: []string{"both", "c"}, Value: sum}, // before what it is made from
		entity.Derived{ID: "both", From: []string{"a", "b"}, Value: sum},
	); err != nil {
		t.Fatal(err)
	}
	tellStory(t, s, `
		0  | due            | S ///d: STATE {"all":null}
		1  | a=1 b=2        | -
		2  | c=0.25         | S ///d: STATE {"all":3.3}
		3  | c=0.26         | -
		4  | b=?broken      | S ///d: STATE {"all":null}
		5  | b=2            | S ///d: STATE {"all":3.3}
		61 | due            | S ///d: STATE {"all":null}
		62 | a=-9           | -`)
	if st, _ := s.State("all"); st.Reason == nil || st.Reason.Error() != "both is unknown: below nothing" {
		t.Errorf("got %+v", st)
	}
	if _, err := s.Update(begin, entity.Int("all", 1, nil)); err == nil || err.Error() != `reading of "all": its value is derived from others` {
		t.Error(err)
	}
	if _, err := s.Update(begin.Add(70*time.Second), readings(t, "a=1")...); err != nil {
		t.Fatal(err)
	}
	if st, _ := s.State("all"); st.Reason != nil || !st.Confirmed.Equal(begin.Add(3*time.Second)) {
		t.Errorf("made from what was first confirmed at 3 s, got %+v", st)
	}

	// What is derived no more has no value until it is read.
	if err := s.Describe(device, entity.Derived{ID: "both", From: []string{"a", "b"}, Value: sum}); err != nil {
		t.Fatal(err)
	}
	if st, _ := s.State("all"); st.Reason == nil || st.Reason.Error() != "not read yet" {
		t.Errorf("got %+v", st)
	}
	tellStory(t, s, `
		80 | due            | S ///d: STATE {"all":null}
		81 | all=5          | S ///d: STATE {"all":5.0}`)

	err := s.Describe(device,
		entity.Derived{ID: "all", From: []string{"both"}, Value: sum}, entity.Derived{ID: "both", From: []string{"all"}, Value: sum},
		entity.Derived{ID: "x", From: []string{"y"}, Value: sum}, entity.Derived{ID: "x", From: []string{"a"}, Value: sum},
	)
	want := `derived value "x": is derived twice, want it once
derived value "x": the description has no such entity with a value
derived value "x": the description has no entity "y" with a value
derived value "all": is made from itself, want others
derived value "both": is made from itself, want others`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestUpdateOfAnUnchangedValueAllocatesNothing(t *testing.T) {
	s := newSet(t, entity.Entity{ID: "flow", Kind: entity.Number, Report: entity.Report{Deadband: 0.2, Stale: time.Minute}})
	list := []entity.Reading{entity.Float("flow", 21.5, nil)}
	if _, err := s.Update(begin, list...); err != nil {
		t.Fatal(err)
	}
	s.Due(begin)
	if n := testing.AllocsPerRun(1000, func() { _, _ = s.Update(begin, list...) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, row := range []struct {
		name string
		flow func(i int) float64
	}{
		{"unchanged", func(int) float64 { return 21.5 }},
		{"within the deadband", func(i int) float64 { return 21.5 + float64(i)/10 }},
	} {
		b.Run(row.name, func(b *testing.B) {
			var entities []entity.Entity
			for _, id := range []string{"flow", "return", "outside", "pressure", "power", "energy", "pump", "mode", "fault", "stage"} {
				entities = append(entities, entity.Entity{ID: id, Kind: entity.Number, Report: entity.Report{Deadband: 0.2, Stale: time.Minute}})
			}
			s := newSet(b, entities...)
			lists := [][]entity.Reading{{entity.Float("flow", row.flow(0), nil)}, {entity.Float("flow", row.flow(1), nil)}}
			now := time.Now()
			_, _ = s.Update(now, lists[0]...)
			s.Due(now)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := s.Update(now, lists[i&1]...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A set may be used from any goroutine: the race detector watches, and what is told in the end is what was read last.
func TestSetOnManyGoroutines(t *testing.T) {
	s := newSet(t, entity.Entity{ID: "a", Kind: entity.Number}, entity.Entity{ID: "b", Kind: entity.Bool, Words: map[string]string{"true": "B"}})
	var all sync.WaitGroup
	for _, f := range []func(i int){
		func(i int) { _, _ = s.Update(begin, entity.Int("a", int64(i), nil)) },
		func(i int) { _, _ = s.Update(begin, entity.Boolean("b", i%2 == 0, nil)) },
		func(int) { s.Due(begin) },
		func(int) { s.All(begin); s.Next(); s.States(); s.Values() },
		func(int) {
			if err := s.Describe(s.Device()); err != nil {
				t.Error(err)
			}
		},
	} {
		all.Go(func() {
			for i := range 200 {
				f(i)
			}
		})
	}
	all.Wait()
	s.Due(begin)
	if got := s.Values().Raw(); got != `{"a":199,"b":false}` {
		t.Errorf("told %s", got)
	}
}
