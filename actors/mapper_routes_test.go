package actors

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// shelf is an inbox that keeps what is posted.
type shelf struct{ got []messages.Handle }

func (s *shelf) post(handle any) { s.got = append(s.got, handle.(messages.Handle)) }

func (s *shelf) unsaid(error) {}

func (s *shelf) take() (actions []string) {
	for _, h := range s.got {
		actions = append(actions, h.Msg.Action())
	}
	s.got = nil
	return actions
}

func newMapperOf(t *testing.T, p *probe, devices ...route) *mapper {
	t.Helper()
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return newMapper(p.mapperOptions(), codec, devices)
}

// What has been routed to a device when it goes, it gets; what comes then goes to the one that takes its place. The
// parent hears of the removal behind all that.
func TestRoutesOfDevicesThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		a, b, successor := new(shelf), new(shelf), new(shelf)
		lamp := func(name, location string, box *shelf) route {
			return route{name: name, answers: &routing.Answers{Location: []string{location}}, reply: config.ReplyNever, inbox: box}
		}
		m := newMapperOf(t, p, lamp("a", "hall", a), lamp("b", "hall", b))
		arrive := func(location, action string) {
			m.arrived(messages.Arrived{Topic: "home///" + location + "//me/C", Payload: action})
		}
		arrive("hall", "ONE")
		p.take() // its own start
		m.reroute(routes{remove: []string{"a"}, add: []route{lamp("a", "attic", successor)}})
		arrive("hall", "TWO")
		arrive("attic", "THREE")
		m.reroute(routes{remove: []string{"a", "b"}})
		arrive("hall", "FOUR")
		m.reroute(routes{add: []route{lamp("b", "hall", b)}})
		arrive("hall", "FIVE")
		for _, row := range []struct {
			name string
			box  *shelf
			want []string
		}{
			{"a", a, []string{"ONE"}}, {"b", b, []string{"ONE", "TWO", "FIVE"}}, {"a's successor", successor, []string{"THREE"}},
		} {
			if got := row.box.take(); !slices.Equal(got, row.want) {
				t.Errorf("%s got %q, want %q", row.name, got, row.want)
			}
		}
		m.stopTallies()
		got := slices.DeleteFunc(p.take(), func(msg any) bool { _, ok := msg.(messages.Unmatched); return ok }) // FOUR
		if want := []any{messages.Unrouted{Devices: []string{"a"}}, messages.Unrouted{Devices: []string{"a", "b"}}}; !reflect.DeepEqual(got, want) {
			t.Errorf("the parent was told %v, want %v", got, want)
		}
	})
}

// What was kept for a device that another adds waits for it, in order; when the other one goes, it is given up.
func TestRestoredForDevicesThatAreAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		lamp := new(shelf)
		device := func(name string) route { return route{name: name, answers: new(routing.Answers), inbox: lamp} }
		m := newMapperOf(t, p, device("hub"))
		defer m.stopTallies()
		p.take() // its own start
		for i, name := range []string{"hub.1", "hub.2", "hub.1", "other.1", "hub.3"} {
			m.restored(messages.Restored{Record: uint64(i + 1), Device: name, Msg: messages.New(messages.Command, messages.Address{}, name)})
		}
		spent := func() (records []uint64) {
			for _, msg := range p.take() {
				if s, ok := msg.(messages.Spent); ok {
					records = append(records, s.Record)
				}
			}
			slices.Sort(records)
			return records
		}
		if got := spent(); !slices.Equal(got, []uint64{4}) {
			t.Errorf("records %v are given up at the start, want that of a device which nobody adds", got)
		}
		m.reroute(routes{add: []route{device("hub.1")}})
		if got := lamp.take(); !slices.Equal(got, []string{"hub.1", "hub.1"}) {
			t.Errorf("the first lamp got %q, want both of its messages", got)
		}
		m.reroute(routes{remove: []string{"hub"}, add: []route{device("hub")}}) // another configuration
		if got := spent(); got != nil {
			t.Errorf("records %v are given up when the hub is replaced, want none", got)
		}
		m.reroute(routes{remove: []string{"hub"}})
		if got := spent(); !slices.Equal(got, []uint64{2, 5}) || len(m.early) > 0 {
			t.Errorf("records %v are given up when the hub goes, and %v are still kept; want 2 and 5, and none", got, m.early)
		}
	})
}

// A table that devices have come to and gone from, and become deaf in, finds what one finds that has only those which are there.
func TestRouteTableWalk(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	table := newRouteTable(nil)
	there, deaf := make(map[string]route), make(map[string]bool)
	for step := range 2000 {
		name := fmt.Sprint("d", random.IntN(30))
		switch {
		case random.IntN(100) == 0:
			table.reindex()
		case random.IntN(2) == 0:
			o := messages.Opened{Device: name, Deaf: random.IntN(3) > 0}
			table.opened(o)
			deaf[name] = o.Deaf && there[name].name != ""
		case random.IntN(2) == 0:
			table.remove(name)
			delete(there, name)
			delete(deaf, name)
		default:
			gateways := []string{fmt.Sprint("g", random.IntN(3)), fmt.Sprint("g", random.IntN(3))}
			r := route{name: name, answers: &routing.Answers{Gateway: gateways[:random.IntN(3)], Device: []string{name}}, inbox: new(device)}
			table.add(r)
			there[name] = r
			delete(deaf, name)
		}
		if len(table.routed) > 30 {
			t.Fatalf("seed %d, step %d: %d numbers for %d devices", seed, step, len(table.routed), len(there))
		}
		to := messages.Address{Gateway: fmt.Sprint("g", random.IntN(3))}
		kind := []messages.Type{messages.Command, messages.Status}[random.IntN(2)]
		got, want := make(map[string]bool), make(map[string]bool)
		for _, number := range table.find(kind, to, nil) {
			got[table.routed[number].name] = true
		}
		explicit := 0
		for name, r := range there {
			if r.answers.Matches(to) && (kind == messages.Command || !deaf[name]) {
				want[name] = true
			}
			explicit += len(r.answers.Gateway)
			if found, ok := table.named(name); !ok || found.route != r {
				t.Fatalf("seed %d, step %d: %s is %v, %v", seed, step, name, found, ok)
			}
		}
		counted := 0
		for _, n := range table.gateways {
			counted += n
		}
		if !reflect.DeepEqual(got, want) || counted != explicit {
			t.Fatalf("seed %d, step %d: %v %v finds %v, want %v; gateways %v, want %d in all", seed, step, kind, to, got, want, table.gateways, explicit)
		}
	}
}

// A device that answers commands itself is known for that until it goes, also through a restart of the mapper.
func TestAnswersItself(t *testing.T) {
	command := messages.New(messages.Command, messages.Address{Device: "a"}, "ON")
	a, other := new(device), new(device)
	table := newRouteTable([]route{{name: "a", answers: new(routing.Answers), inbox: a}})
	for _, step := range []struct {
		name string
		do   func()
		want answerWanted
	}{
		{"at first", func() {}, allWanted},
		{"when it has told", func() { table.opened(messages.Opened{Device: "a", AnswersItself: true}) }, faultsWanted},
		{"when another has", func() { table.opened(messages.Opened{Device: "b", AnswersItself: true}) }, faultsWanted},
		{"behind a restart", func() { table.reindex() }, faultsWanted},
		{"with another route", func() {
			table.add(route{name: "a", answers: &routing.Answers{Device: []string{"a", "b"}}, inbox: a})
		}, faultsWanted},
		{"one that takes its place", func() { table.add(route{name: "a", answers: new(routing.Answers), inbox: other}) }, allWanted},
	} {
		step.do()
		if got := table.answering(command, table.find(command.Type(), command.Address(), nil)).wanted; got != step.want {
			t.Errorf("%s: wanted is %v, want %v", step.name, got, step.want)
		}
	}
}
