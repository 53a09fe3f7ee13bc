package supervision

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/messages"
)

// walker applies random events to a record, and checks its promises.
type walker struct {
	t        *testing.T
	random   *rand.Rand
	record   *Record
	now      time.Time
	stopping bool

	online map[string]time.Time // since when each online device is online
	told   map[string]Entry     // entries of devices, as the changes tell them
	failed map[string]bool      // devices whose latest event is a failure
	halted map[string]bool      // devices that a person has stopped
	diary  []string
}

// walkers are the devices of a walk: hubs, one of them below another, the devices that these add, and others.
var walkers = []string{"a", "b", "hub", "hub.1", "hub.2", "hub.3", "box", "box.hub", "box.hub.1", "box.hub.2"}

// retries are the back-offs that the configuration gives to some devices of a walk.
var retries = map[string]backoff.Policy{
	"a": {Min: time.Second, Max: time.Second}, "box": {Min: 20 * time.Second, Max: 10 * time.Minute}, "hub.1": {Min: 10 * time.Millisecond, Max: time.Hour},
}

// hubOf returns the name of the hub that adds a device; "": the configuration does.
func hubOf(device string) string {
	return device[:max(0, strings.LastIndex(device, "."))]
}

// A walk checks these promises:
//
//   - nothing is online whose latest event is a failure, or whose hub is down;
//   - the counts, and the entries that the changes tell, are those of the record;
//   - a device that was removed has no entry;
//   - what a person has stopped is stopped, or down with its hub, until it is to open anew or is removed;
//   - an entry has a reason if and only if it is down;
//   - an entry has a Next if and only if time alone can cure it;
//   - each order agrees with the Next of its entry.
func TestWalk(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			states := make(map[messages.State]int)
			for range 200 {
				w := &walker{
					t: t, random: random, record: New(random.Float64, "mapper"), now: start,
					told: make(map[string]Entry), failed: make(map[string]bool), halted: make(map[string]bool), online: make(map[string]time.Time),
				}
				for range 250 {
					w.step(w.event())
					for _, e := range w.told {
						states[e.State]++
					}
				}
				for _, name := range walkers {
					w.step(messages.DeviceRemoved{Device: name})
				}
				if n := len(w.record.devices) + len(w.record.added); n > 0 {
					w.fail("%d entries are left when all devices are removed", n)
				}
				w.step(messages.DeviceAdded{Device: "a"})
				w.end()
			}
			for s := messages.Connecting; s <= messages.Stopped; s++ {
				if states[s] < 1000 {
					t.Errorf("%v was seen %d times: the walk is too tame", s, states[s])
				}
			}
		})
	}
}

// event returns a random event.
func (w *walker) event() any {
	name := walkers[w.random.IntN(len(walkers))]
	err := errors.New([]string{"EOF", "no such port", "not done after 10s"}[w.random.IntN(3)])
	switch n := w.random.IntN(1000); {
	case n < 1:
		w.stopping = true
		return messages.CloseDevices{}
	case n < 100:
		return messages.DeviceRemoved{Device: name}
	case n < 400:
		return messages.DeviceAdded{Device: name, Type: []string{"lamp", "lamp", "lamp", "siren"}[w.random.IntN(4)], AddedBy: hubOf(name), RetryMin: retries[name].Min, RetryMax: retries[name].Max}
	case n < 700:
		return messages.DeviceChanged{Device: name, State: messages.Online}
	case n < 720:
		return messages.DeviceChanged{Device: name, State: messages.Connecting}
	case n < 740:
		return messages.DeviceChanged{Device: name, State: messages.Stuck, Err: err}
	case n < 760:
		return messages.DeviceChanged{Device: name, State: messages.Stopped, Err: errors.New("stopped by a person")}
	case n < 900:
		return messages.Failure{Who: name, What: messages.Handling, Err: err}
	case n < 930:
		return messages.Failure{Who: name, What: messages.Opening, Err: err, Final: true}
	case n < 940:
		return messages.Failure{Who: name, What: messages.Closing, Err: err}
	case n < 970:
		return PartFailed{"mapper", err}
	}
	return PartBegan{"mapper"}
}

// step applies an event, and checks the result.
func (w *walker) step(event any) {
	w.now = w.now.Add(time.Duration(w.random.IntN(int(20 * time.Second))))
	w.diary = append(w.diary, fmt.Sprintf("%v %#v", w.now.Sub(start), event))
	before := w.told[nameIn(event)]
	changes, orders := w.record.Apply(event, w.now)
	w.note(event, before)
	for _, c := range changes {
		if c.Before.Kind == Part || c.Now.Kind == Part {
			continue
		}
		name := c.Now.Name
		if c.Now == (Entry{}) {
			name = c.Before.Name
		}
		if c.Before == c.Now || c.Before != w.told[name] {
			w.fail("the change of %s begins with %+v, told was %+v", name, c.Before, w.told[name])
		}
		if w.told[name] = c.Now; c.Now == (Entry{}) {
			delete(w.told, name)
		}
	}
	for _, o := range orders {
		e := w.told[o.Name]
		if o.Kind == Part {
			e, _ = w.record.Entry(Part, o.Name)
		}
		if e.State != messages.Offline || !e.Next.Equal(w.now.Add(o.After)) {
			w.fail("ordered %+v of %+v", o, e)
		}
		policy, own := retries[o.Name]
		if !own {
			policy = restarts
		}
		if wait := policy.Half(e.Failures); o.After != 0 && (o.After < wait.Min || o.After > wait.Max) {
			w.fail("ordered %+v after %d failures, want a wait of %v", o, e.Failures, wait)
		}
	}
	w.flap(event, before)
	w.compare()
}

// flap checks the number of failures in a row: a device that fails within 10 s online has one failure more, and one
// that fails after 30 s online has one failure.
func (w *walker) flap(event any, before Entry) {
	failure, failed := event.(messages.Failure)
	failed = failed && failure.What != messages.Closing
	now := w.told[before.Name]
	switch since, was := w.online[before.Name]; {
	case !failed || !was || now == (Entry{}):
	case w.now.Sub(since) < 10*time.Second && now.Failures != before.Failures+1:
		w.fail("%s fails %v after it has opened: %+v, before %+v", before.Name, w.now.Sub(since), now, before)
	case w.now.Sub(since) >= 30*time.Second && now.Failures != 1:
		w.fail("%s fails %v after it has opened: %+v, before %+v", before.Name, w.now.Sub(since), now, before)
	}
	for name, e := range w.told {
		if _, was := w.online[name]; e.State == messages.Online && !was {
			w.online[name] = w.now
		}
	}
	maps.DeleteFunc(w.online, func(name string, _ time.Time) bool { return w.told[name].State != messages.Online })
}

func nameIn(event any) string {
	switch e := event.(type) {
	case messages.DeviceAdded:
		return e.Device
	case messages.DeviceRemoved:
		return e.Device
	case messages.DeviceChanged:
		return e.Device
	case messages.Failure:
		return e.Who
	}
	return ""
}

// note records the devices whose latest event is a failure.
func (w *walker) note(event any, before Entry) {
	name := nameIn(event)
	switch e := event.(type) {
	case messages.DeviceAdded:
		if now, _ := w.record.Entry(Device, name); now.Type != before.Type || now.AddedBy != before.AddedBy {
			delete(w.failed, name)
			delete(w.halted, name)
		}
	case messages.DeviceRemoved:
		delete(w.failed, name)
		delete(w.halted, name)
	case messages.DeviceChanged:
		switch e.State {
		case messages.Stopped:
			w.halted[name] = true
		case messages.Connecting:
			delete(w.halted, name)
		}
		w.failed[name] = e.State == messages.Stuck
	case messages.Failure:
		w.failed[name] = w.failed[name] || e.What != messages.Closing
	}
}

// compare compares the entries with the changes, and both with the promises.
func (w *walker) compare() {
	r := w.record
	if names := slices.Sorted(slices.Values(r.Names())); !slices.Equal(names, slices.Sorted(maps.Keys(w.told))) {
		w.fail("there are %q, told were %q", names, slices.Sorted(maps.Keys(w.told)))
	}
	var counts Counts
	first := 0
	for name, told := range w.told {
		e, ok := r.Entry(Device, name)
		if !ok || e != told {
			w.fail("%+v is told as %+v", e, told)
		}
		switch {
		case e.State == messages.Online:
			counts.Online++
		case e.State == messages.Connecting:
			counts.Opening++
			if e.AddedBy == "" {
				first++
			}
		case down(e.State):
			counts.Down++
		default:
			w.fail("%+v is nothing that there is", e)
		}
		if e.State == messages.Online && w.failed[name] {
			w.fail("%s is online, though it failed last", name)
		}
		if (e.Reason != "") != down(e.State) {
			w.fail("the reason of %+v", e)
		}
		if was := w.halted[name]; was && e.State != messages.Stopped && e.State != messages.Offline || !was && e.State == messages.Stopped {
			w.fail("%+v, and whether a person has stopped it: %v", e, was)
		}
		hub, hubbed := w.told[e.AddedBy]
		if e.AddedBy != "" && !hubbed {
			w.fail("%+v names a hub that is no more", e)
		}
		held := hubbed && down(hub.State)
		if held && (e.State != messages.Offline || !strings.HasPrefix(e.Reason, hub.Name+": ") && e.Reason != hub.Reason) {
			w.fail("%+v, and its hub %+v", e, hub)
		}
		if want := e.State == messages.Offline && !held; !w.stopping && want == e.Next.IsZero() {
			w.fail("the next attempt of %+v", e)
		}
	}
	if got := r.Counts(); got != counts || r.FirstOpening() != first {
		w.fail("counted %+v, %d opening first; there are %+v, %d", got, r.FirstOpening(), counts, first)
	}
}

// end closes everything, and checks that nothing happens afterwards.
func (w *walker) end() {
	r := w.record
	r.Apply(Ended{}, w.now)
	if changes, orders := r.Apply(messages.DeviceChanged{Device: "a", State: messages.Online}, w.now); len(changes)+len(orders) > 0 {
		w.fail("something happened after the end")
	}
	if e, _ := r.Entry(Device, "a"); e.State != messages.Closed || r.Counts() != (Counts{}) {
		w.fail("at the end there is %+v", e)
	}
}

func (w *walker) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf(format+"\n%s", append(args, strings.Join(w.diary[max(0, len(w.diary)-30):], "\n"))...)
}

// A device takes little memory, since a gateway may have 100,000 of them. Their names are in its configuration already.
func TestDeviceIsSmall(t *testing.T) {
	names := manyNames()
	r := New(rand.Float64)
	before := heap()
	for _, name := range names {
		r.Apply(messages.DeviceAdded{Device: name, Type: "lamp"}, start)
		r.Apply(messages.DeviceChanged{Device: name, State: messages.Online}, start)
	}
	if each := (heap() - before) / len(names); each > 160 {
		t.Errorf("a device takes %d bytes, want at most 160", each)
	} else {
		t.Logf("a device takes %d bytes", each)
	}
	if n := r.Counts().Online; n != len(names) {
		t.Errorf("%d are online", n)
	}
}

func manyNames() []string {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprint("device", i)
	}
	return names
}

// heap returns the number of bytes in use on the heap.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func BenchmarkApply(b *testing.B) {
	r := New(rand.Float64)
	names := manyNames()
	for _, name := range names {
		r.Apply(messages.DeviceAdded{Device: name, Type: "lamp"}, start)
	}
	b.ReportAllocs()
	for i := range b.N {
		r.Apply(messages.DeviceChanged{Device: names[i%len(names)], State: messages.Online}, start)
		r.Apply(messages.Failure{Who: names[i%len(names)], What: messages.Handling, Err: errBroken}, start)
	}
}

var errBroken = errors.New("broken")
