package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ledger holds the packets of ours that the broker has not answered, in the order in which they are sent. It has neither
// a lock nor a clock of its own.
//
//	PUBLISH at QoS 1 ◄─ PUBACK     SUBSCRIBE ◄─ SUBACK     PUBREC ◄─ PUBREL (of a message that came at QoS 2)
//	PINGREQ          ◄─ PINGRESP   UNSUBSCRIBE ◄─ UNSUBACK
//
// CONNECT is none of them: ConnectTimeout bounds the wait for its CONNACK. A PUBCOMP has no answer.
type ledger struct {
	ring               []pending // its length is a power of 2; the wait numbered n is at n modulo that
	first, unsent, end uint64    // those from first up to, not including, end are held; from unsent on, they are not written

	open     map[uint32]uint64 // numbers of the waits without an answer
	pings    int               // PINGREQs that have not been answered; only the first of them has a wait
	answered uint64            // the highest number of a wait that has been answered
}

// pending is a packet that is to be answered.
type pending struct {
	kind byte          // type of the packet
	id   uint16        // its identifier; 0: PINGREQ
	what string        // its topic or filter
	tag  uint64        // of whoever keeps the ledger
	end  uint64        // it is sent when so many bytes of the session have been
	sent time.Duration // when that was
	done bool          // it has been answered
}

// keyOf tells waits apart: we deal out the identifiers of what we ask, the broker those of PUBRELs.
func keyOf(theirs bool, id uint16) uint32 {
	if theirs {
		return 1<<16 | uint32(id)
	}
	return uint32(id)
}

func newLedger() ledger {
	return ledger{ring: make([]pending, 16), open: make(map[uint32]uint64)}
}

func (l *ledger) at(n uint64) *pending { return &l.ring[n&uint64(len(l.ring)-1)] }

// add notes a packet behind the others. One that is waited for already is not waited for twice.
func (l *ledger) add(p pending) {
	key := keyOf(p.kind == typePubrec, p.id)
	if p.kind == typePingreq {
		l.pings++
	}
	if _, waits := l.open[key]; waits {
		return
	}
	if l.end-l.first == uint64(len(l.ring)) {
		old := *l
		l.ring = make([]pending, 2*len(old.ring))
		for n := l.first; n < l.end; n++ {
			*l.at(n) = *old.at(n)
		}
	}
	*l.at(l.end) = p
	l.open[key] = l.end
	l.end++
}

// inUse reports whether an identifier of ours is.
func (l *ledger) inUse(id uint16) bool {
	_, waits := l.open[keyOf(false, id)]
	return waits
}

// full reports whether no identifier is left.
func (l *ledger) full() bool { return len(l.open) >= 65535 }

// wrote notes at what time so many bytes of the session had been written.
func (l *ledger) wrote(bytes uint64, at time.Duration) {
	for ; l.unsent < l.end && l.at(l.unsent).end <= bytes; l.unsent++ {
		l.at(l.unsent).sent = at
	}
}

// answer takes an answer of the given type. It returns the type and tag of what it answers, if that was asked; of a ping
// beside the first, none. An answer may overtake the word that its packet has been written.
func (l *ledger) answer(kind byte, id uint16) (of byte, tag uint64, asked bool) {
	if kind == typePingresp {
		if l.pings == 0 {
			return 0, 0, false
		}
		l.pings--
	}
	key := keyOf(kind == typePubrel, id)
	n, waits := l.open[key]
	if !waits {
		return 0, 0, kind == typePingresp
	}
	p := l.at(n)
	if p.kind != asks(kind) {
		return 0, 0, false
	}
	delete(l.open, key)
	of, tag = p.kind, p.tag
	p.done, p.what = true, ""
	l.answered = max(l.answered, n)
	for l.first < l.end && l.at(l.first).done {
		l.first++
	}
	l.unsent = max(l.unsent, l.first)
	return of, tag, true
}

// pendingFor returns what is to be noted of a packet of ours, if it is to be answered. The packet is well-formed and whole.
func pendingFor(packet []byte) (p pending, ok bool) {
	p.kind = packet[0] >> 4
	_, n := binary.Uvarint(packet[1:])
	body := packet[1+n:]
	text := func(at int) string { return string(body[at+2 : at+2+int(binary.BigEndian.Uint16(body[at:]))]) }
	switch p.kind {
	case typePublish:
		if packet[0]>>1&3 == 0 {
			return pending{}, false
		}
		p.what = text(0)
		p.id = binary.BigEndian.Uint16(body[2+len(p.what):])
	case typeSubscribe, typeUnsubscribe:
		p.id, p.what = binary.BigEndian.Uint16(body), text(2)
	case typePubrec:
		p.id = binary.BigEndian.Uint16(body)
	case typePingreq:
	default:
		return pending{}, false
	}
	return p, true
}

// asks returns the type of packet that is answered by another, 0 if none is.
func asks(answer byte) byte {
	switch answer {
	case typePuback:
		return typePublish
	case typeSuback:
		return typeSubscribe
	case typeUnsuback:
		return typeUnsubscribe
	case typePingresp:
		return typePingreq
	case typePubrel:
		return typePubrec
	}
	return 0
}

// oldest returns the wait that was sent first, and whether the broker has answered anything that was sent after it.
func (l *ledger) oldest() (p pending, passed, some bool) {
	if l.first == l.unsent {
		return pending{}, false, false
	}
	return *l.at(l.first), l.answered > l.first, true
}

// UnansweredError says that the session was ended because the broker did not answer a packet.
type UnansweredError struct {
	Message bool   // it was a message that we published
	Topic   string // of that

	pending pending
	after   time.Duration
}

func unanswered(p pending, after time.Duration) *UnansweredError {
	return &UnansweredError{Message: p.kind == typePublish, Topic: p.what, pending: p, after: after}
}

// Error names the packet that is missing, and what it was to answer.
func (e *UnansweredError) Error() string {
	return fmt.Sprintf("the broker is there, and yet has not acknowledged for %s: %v", e.after.Round(100*time.Millisecond), e.pending.missing())
}

// missing names the answer that has not come.
func (p pending) missing() error {
	switch p.kind {
	case typePublish:
		return fmt.Errorf("no PUBACK for the message on %.200q", p.what)
	case typeSubscribe:
		return fmt.Errorf("no SUBACK for the filter %.200q", p.what)
	case typeUnsubscribe:
		return fmt.Errorf("no UNSUBACK for the filter %.200q", p.what)
	case typePubrec:
		return fmt.Errorf("no PUBREL for the message that came with the identifier %d", p.id)
	}
	return errors.New("no PINGRESP")
}
