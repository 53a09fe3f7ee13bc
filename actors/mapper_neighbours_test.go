package actors

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Whatever devices come, go, become deaf and say: each hears what finds it, in order and once, never itself, and the broker gets
// all that can be said. In a second each device has so many messages that others hear.
func TestNeighboursWalk(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbe(t)
				w := &neighboursWalk{
					t: t, random: rand.New(rand.NewPCG(seed, 11)), mapper: newMapperOf(t, p),
					there: make(map[string]*neighbour), spent: make(map[string]int),
				}
				w.mapper.told.most = 20
				defer w.mapper.stopTallies()
				for step := range 1000 {
					w.step()
					if t.Failed() {
						t.Fatalf("at step %d", step)
					}
				}
				var sent []uint64
				for _, msg := range p.take() {
					if publication, ok := msg.(messages.Publication); ok {
						sent = append(sent, publication.Number)
					}
				}
				if !slices.Equal(sent, w.sent) {
					t.Errorf("%d messages were published, want %d, or others", len(sent), len(w.sent))
				}
			})
		})
	}
}

// neighboursWalk is a mapper, and what the devices and the broker are to get from it.
type neighboursWalk struct {
	t      *testing.T
	random *rand.Rand
	mapper *mapper
	there  map[string]*neighbour
	number uint64 // of the latest message
	sent   []uint64
	second int64
	spent  map[string]int // in this second
}

// neighbour is a device of the walk.
type neighbour struct {
	*route
	deaf bool
	want []string // actions of what it is to get
}

func (n *neighbour) hears(msg messages.InternalMsg) bool {
	return n.answers.Matches(msg.Address()) && (msg.Type() == messages.Command || !n.deaf)
}

// pick returns one of some texts; empty ones are as likely as all others together.
func (w *neighboursWalk) pick(from ...string) string {
	if w.random.IntN(2) == 0 {
		return ""
	}
	return from[w.random.IntN(len(from))]
}

func (w *neighboursWalk) step() {
	name := fmt.Sprint("d", w.random.IntN(6))
	switch chance := w.random.IntN(100); {
	case chance < 5:
		w.come(name)
	case chance < 8:
		w.mapper.reroute(routes{remove: []string{name}})
		delete(w.there, name)
	case chance < 14:
		opened := messages.Opened{Device: name, Deaf: w.random.IntN(2) == 0}
		w.mapper.routes.opened(opened)
		if n := w.there[name]; n != nil {
			n.deaf = opened.Deaf
		}
	case chance < 15:
		w.mapper.routes.reindex()
	case chance < 18:
		time.Sleep(time.Duration(w.random.IntN(1000)) * time.Millisecond)
	case chance < 40:
		w.arrive()
	default:
		w.emit(name)
	}
	for name, n := range w.there {
		if got := n.inbox.(*shelf).take(); !slices.Equal(got, n.want) {
			w.t.Errorf("%s got %q, want %q", name, got, n.want)
		}
		n.want = nil
	}
}

func (w *neighboursWalk) come(name string) {
	answers := &routing.Answers{Device: []string{name}}
	if location := w.pick("hall", "attic"); location != "" {
		answers.Location = []string{location}
	}
	n := &neighbour{route: &route{name: name, answers: answers, reply: config.ReplyNever, inbox: new(shelf)}}
	w.mapper.reroute(routes{remove: []string{name}, add: []route{*n.route}})
	w.there[name] = n
}

// message returns a new message, whose action is its number.
func (w *neighboursWalk) message() messages.InternalMsg {
	w.number++
	to := messages.Address{Location: w.pick("hall", "attic"), Device: w.pick("d0", "d1", "d2", "d3", "x")}
	kind := []messages.Type{messages.Command, messages.Status}[w.random.IntN(2)]
	return messages.New(kind, to, fmt.Sprint(w.number))
}

// arrive has a message come from the broker, for all devices.
func (w *neighboursWalk) arrive() {
	msg := w.message()
	to := msg.Address()
	w.mapper.arrived(messages.Arrived{Topic: fmt.Sprintf("home///%s/%s/me/%v", to.Location, to.Device, msg.Type()), Payload: msg.Action()})
	w.find(msg, "")
}

// emit has a device emit a message. The device may have gone.
func (w *neighboursWalk) emit(name string) {
	msg := w.message()
	own, said := true, true
	switch w.random.IntN(10) {
	case 0:
		msg, own = msg.WithSender("me"), false
	case 1:
		msg = msg.WithSender("gw")
	case 2:
		msg = msg.Reply(messages.Handled, "")
		own = false
	case 3:
		msg, said = msg.WithAction(""), false
	}
	w.mapper.emitted(messages.Emitted{Number: w.number, Device: name, Msg: msg})
	if said {
		w.sent = append(w.sent, w.number)
	}
	if own && said {
		w.find(msg, name)
	}
}

// find has the devices want a message that one of them has emitted, or the broker has sent.
func (w *neighboursWalk) find(msg messages.InternalMsg, from string) {
	var found []*neighbour
	for name, n := range w.there {
		if name != from && n.hears(msg) {
			found = append(found, n)
		}
	}
	if from != "" && len(found) > 0 {
		if now := time.Now().Unix(); now != w.second {
			w.second = now
			clear(w.spent)
		}
		if w.spent[from]++; w.spent[from] > w.mapper.told.most {
			return
		}
	}
	for _, n := range found {
		n.want = append(n.want, msg.Action())
	}
}

// BenchmarkNeighbours looks for those who hear a status of one device among a thousand: beside coding and sending, that is all
// that a message costs which nobody else here hears.
func BenchmarkNeighbours(b *testing.B) {
	for _, deaf := range []bool{true, false} {
		b.Run(fmt.Sprintf("deaf=%t", deaf), func(b *testing.B) {
			table := newRouteTable(nil)
			for i := range 1000 {
				name := fmt.Sprint("lamp", i)
				table.add(route{name: name, answers: &routing.Answers{Device: []string{name}}})
				table.opened(messages.Opened{Device: name, Deaf: deaf})
			}
			msg := messages.New(messages.Status, messages.Address{Function: "Lighting", Device: "lamp500"}, "LIGHT_ON")
			var found []int
			b.ReportAllocs()
			for b.Loop() {
				if found = table.neighbours("lamp500", msg.Type(), msg.Address(), found[:0]); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}
