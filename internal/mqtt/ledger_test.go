package mqtt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// modelLedger is a ledger that looks at everything each time.
type modelLedger struct {
	all      []pending
	pings    int
	answered int // of all: the last
}

func (m *modelLedger) add(p pending) {
	if p.kind == typePingreq {
		m.pings++
	}
	if !slices.ContainsFunc(m.all, func(q pending) bool {
		return !q.done && q.id == p.id && (q.kind == typePubrec) == (p.kind == typePubrec)
	}) {
		m.all = append(m.all, p)
	}
}

func (m *modelLedger) answer(kind byte, id uint16) (asked bool) {
	if kind == typePingresp {
		if m.pings == 0 {
			return false
		}
		m.pings--
		asked = true
	}
	for i := range m.all {
		if p := &m.all[i]; !p.done && p.id == id && p.kind == asks(kind) {
			p.done = true
			m.answered = max(m.answered, i)
			return true
		}
	}
	return asked
}

// Whatever is sent, written and answered, in whatever order and whatever was asked, the ledger knows what has waited
// longest, and what was not asked.
func TestLedger(t *testing.T) {
	kinds := []byte{typePublish, typeSubscribe, typeUnsubscribe, typePubrec, typePingreq}
	answers := []byte{typePuback, typeSuback, typeUnsuback, typePubrel, typePingresp, typePubrec, typePubcomp, typeConnack}
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			l, m := newLedger(), modelLedger{answered: -1}
			var end, written uint64
			id := func(kind byte) uint16 {
				if kind == typePingreq || kind == typePingresp {
					return 0
				}
				return uint16(1 + random.IntN(40))
			}
			for step := range 5000 {
				now := time.Duration(step)
				switch random.IntN(5) {
				case 0, 1:
					kind := kinds[random.IntN(len(kinds))]
					p := pending{kind: kind, id: id(kind)}
					if kind != typePubrec && kind != typePingreq && l.inUse(p.id) {
						continue
					}
					end += 10
					p.end = end
					l.add(p)
					m.add(p)
				case 2:
					written += random.Uint64N(end - written + 1)
					l.wrote(written, now)
					for i := range m.all {
						if p := &m.all[i]; p.end <= written && p.sent == 0 {
							p.sent = now
						}
					}
				default:
					kind := answers[random.IntN(len(answers))]
					of := id(kind)
					_, _, asked := l.answer(kind, of)
					if want := m.answer(kind, of); asked != want {
						t.Fatalf("step %d: %s %d was asked: %t, want %t", step, typeNames[kind], of, asked, want)
					}
				}
				want := slices.IndexFunc(m.all, func(p pending) bool { return !p.done })
				p, passed, some := l.oldest()
				if wantSome := want >= 0 && m.all[want].end <= written; some != wantSome {
					t.Fatalf("step %d: something is waited for: %t, want %t", step, some, wantSome)
				}
				if some && (p != m.all[want] || passed != (m.answered > want)) {
					t.Fatalf("step %d: the oldest is %+v, passed %t; want %+v, %t", step, p, passed, m.all[want], m.answered > want)
				}
			}
		})
	}
}

// What paho writes is noted as what the session of our own notes by itself.
func TestPendingFor(t *testing.T) {
	for _, tt := range []struct {
		packet []byte
		want   pending
		ok     bool
	}{
		{appendPublish(nil, Message{Topic: "a/b", Payload: string(make([]byte, 300))}, 1, 0x0102), pending{kind: typePublish, id: 0x0102, what: "a/b"}, true},
		{appendPublish(nil, Message{Topic: "a"}, 0, 0), pending{}, false},
		{[]byte{0x82, 8, 0, 9, 0, 3, 'a', '/', '#', 1}, pending{kind: typeSubscribe, id: 9, what: "a/#"}, true},
		{[]byte{0xa2, 10, 0, 9, 0, 1, 'a', 0, 3, 'b', '/', '#'}, pending{kind: typeUnsubscribe, id: 9, what: "a"}, true},
		{[]byte{0x50, 2, 1, 9}, pending{kind: typePubrec, id: 0x0109}, true},
		{[]byte{0xc0, 0}, pending{kind: typePingreq}, true},
		{[]byte{0x40, 2, 0, 1}, pending{}, false},
		{[]byte{0xe0, 0}, pending{}, false},
		{connectPacket(Options{ClientID: "me"}), pending{}, false},
	} {
		if got, ok := pendingFor(tt.packet); got != tt.want || ok != tt.ok {
			t.Errorf("% x: %+v, %t; want %+v, %t", tt.packet, got, ok, tt.want, tt.ok)
		}
	}
}

// BenchmarkLedger is what a publication at QoS 1 costs the ledger.
func BenchmarkLedger(b *testing.B) {
	l := newLedger()
	for n := uint64(0); b.Loop(); n++ {
		l.add(pending{kind: typePublish, id: uint16(n%65535 + 1), what: "a", tag: n, end: n})
		l.wrote(n, 0)
		l.answer(typePuback, uint16(n%65535+1))
	}
}
