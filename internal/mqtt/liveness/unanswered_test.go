package liveness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// model is a simple Unanswered, which searches all packets each time.
type model struct {
	all      []Pending
	pings    int // index in all of the last answered packet
	answered int // of all: the last
}

func (m *model) Add(p Pending) {
	if p.Kind == packet.Pingreq {
		m.pings++
	}
	if !slices.ContainsFunc(m.all, func(q Pending) bool {
		return !q.done && q.ID == p.ID && (q.Kind == packet.Pubrec) == (p.Kind == packet.Pubrec)
	}) {
		m.all = append(m.all, p)
	}
}

func (m *model) Answer(kind byte, id uint16) (asked bool) {
	if kind == packet.Pingresp {
		if m.pings == 0 {
			return false
		}
		m.pings--
		asked = true
	}
	for i := range m.all {
		if p := &m.all[i]; !p.done && p.ID == id && p.Kind == asks(kind) {
			p.done = true
			m.answered = max(m.answered, i)
			return true
		}
	}
	return asked
}

// Whatever is sent, written and answered, in whatever order, Unanswered returns the oldest packet, and recognizes
// answers that were not asked for.
func TestUnanswered(t *testing.T) {
	kinds := []byte{packet.Publish, packet.Subscribe, packet.Unsubscribe, packet.Pubrec, packet.Pingreq}
	answers := []byte{packet.Puback, packet.Suback, packet.Unsuback, packet.Pubrel, packet.Pingresp, packet.Pubrec, packet.Pubcomp, packet.Connack}
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			l, m := NewUnanswered(), model{answered: -1}
			var end, written uint64
			id := func(kind byte) uint16 {
				if kind == packet.Pingreq || kind == packet.Pingresp {
					return 0
				}
				return uint16(1 + random.IntN(40))
			}
			for step := range 5000 {
				now := time.Duration(step)
				switch random.IntN(5) {
				case 0, 1:
					kind := kinds[random.IntN(len(kinds))]
					p := Pending{Kind: kind, ID: id(kind)}
					if kind != packet.Pubrec && kind != packet.Pingreq && l.InUse(p.ID) {
						continue
					}
					end += 10
					p.End = end
					l.Add(p)
					m.Add(p)
				case 2:
					written += random.Uint64N(end - written + 1)
					l.Wrote(written, now)
					for i := range m.all {
						if p := &m.all[i]; p.End <= written && p.sent == 0 {
							p.sent = now
						}
					}
				default:
					kind := answers[random.IntN(len(answers))]
					of := id(kind)
					_, _, asked := l.Answer(kind, of)
					if want := m.Answer(kind, of); asked != want {
						t.Fatalf("step %d: %s %d was asked: %t, want %t", step, packet.Name(kind), of, asked, want)
					}
				}
				want := slices.IndexFunc(m.all, func(p Pending) bool { return !p.done })
				p, passed, some := l.oldest()
				if wantSome := want >= 0 && m.all[want].End <= written; some != wantSome {
					t.Fatalf("step %d: something is waited for: %t, want %t", step, some, wantSome)
				}
				if some && (p != m.all[want] || passed != (m.answered > want)) {
					t.Fatalf("step %d: the oldest is %+v, passed %t; want %+v, %t", step, p, passed, m.all[want], m.answered > want)
				}
			}
		})
	}
}

// BenchmarkUnanswered measures the cost of a publication at QoS 1 in Unanswered.
func BenchmarkUnanswered(b *testing.B) {
	l := NewUnanswered()
	for n := uint64(0); b.Loop(); n++ {
		l.Add(Pending{Kind: packet.Publish, ID: uint16(n%65535 + 1), What: "a", Tag: n, End: n})
		l.Wrote(n, 0)
		l.Answer(packet.Puback, uint16(n%65535+1))
	}
}
