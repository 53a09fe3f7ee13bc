package liveness

import (
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// Unanswered holds the packets that the broker must answer and has not, in the order in which they are sent.
//
//	PUBLISH at QoS 1 ◄─ PUBACK     SUBSCRIBE ◄─ SUBACK     PUBREC ◄─ PUBREL (of a message that came at QoS 2)
//	PINGREQ          ◄─ PINGRESP   UNSUBSCRIBE ◄─ UNSUBACK
//
// A CONNECT is not held: ConnectTimeout bounds the wait for its CONNACK. A PUBCOMP has no answer.
type Unanswered struct {
	ring []Pending // its length is a power of 2; the packet with number n is at n modulo the length
	// The packets from first up to, but not including, end are held; those from unsent on are not written yet.
	first, unsent, end uint64

	open     map[uint32]uint64 // numbers of the packets without an answer, by keyOf
	pings    int               // number of unanswered PINGREQs, of which only the first is held
	answered uint64            // the highest number of an answered packet
}

// Pending is a packet that the broker must answer.
type Pending struct {
	Kind byte   // type of the packet
	ID   uint16 // identifier; 0: PINGREQ
	What string // topic or filter
	Tag  uint64 // for the session's own use
	End  uint64 // the packet has been sent when so many bytes of the session have been

	sent time.Duration // when the packet was sent
	done bool          // the broker has answered
}

// keyOf returns a key that is different for identifiers that the session has allocated and for those of PUBRELs, which
// the broker has.
func keyOf(theirs bool, id uint16) uint32 {
	if theirs {
		return 1<<16 | uint32(id)
	}
	return uint32(id)
}

// NewUnanswered returns an Unanswered without packets.
func NewUnanswered() *Unanswered {
	return &Unanswered{ring: make([]Pending, 16), open: make(map[uint32]uint64)}
}

func (u *Unanswered) at(n uint64) *Pending { return &u.ring[n&uint64(len(u.ring)-1)] }

// Add adds a packet behind the others. It adds no second packet with the key of one that is unanswered.
func (u *Unanswered) Add(p Pending) {
	key := keyOf(p.Kind == packet.Pubrec, p.ID)
	if p.Kind == packet.Pingreq {
		u.pings++
	}
	if _, waits := u.open[key]; waits {
		return
	}
	if u.end-u.first == uint64(len(u.ring)) {
		old := *u
		u.ring = make([]Pending, 2*len(old.ring))
		for n := u.first; n < u.end; n++ {
			*u.at(n) = *old.at(n)
		}
	}
	*u.at(u.end) = p
	u.open[key] = u.end
	u.end++
}

// InUse reports whether one of the session's identifiers belongs to an unanswered packet.
func (u *Unanswered) InUse(id uint16) bool {
	_, waits := u.open[keyOf(false, id)]
	return waits
}

// Full reports whether no identifier is left.
func (u *Unanswered) Full() bool { return len(u.open) >= 65535 }

// Wrote notes that bytes of the session had been written at a time.
func (u *Unanswered) Wrote(bytes uint64, at time.Duration) {
	for ; u.unsent < u.end && u.at(u.unsent).End <= bytes; u.unsent++ {
		u.at(u.unsent).sent = at
	}
}

// Answer takes an answer of the given type. It returns the type and the tag of the answered packet, and whether there
// was such a packet. For a PINGREQ other than the first, both are 0. An answer may come before Wrote has reported its
// packet.
func (u *Unanswered) Answer(kind byte, id uint16) (of byte, tag uint64, asked bool) {
	if kind == packet.Pingresp {
		if u.pings == 0 {
			return 0, 0, false
		}
		u.pings--
	}
	key := keyOf(kind == packet.Pubrel, id)
	n, waits := u.open[key]
	if !waits {
		return 0, 0, kind == packet.Pingresp
	}
	p := u.at(n)
	if p.Kind != asks(kind) {
		return 0, 0, false
	}
	delete(u.open, key)
	of, tag = p.Kind, p.Tag
	p.done, p.What = true, ""
	u.answered = max(u.answered, n)
	for u.first < u.end && u.at(u.first).done {
		u.first++
	}
	u.unsent = max(u.unsent, u.first)
	return of, tag, true
}

// asks returns the type of the packets that a type of answer answers, or 0.
func asks(answer byte) byte {
	switch answer {
	case packet.Puback:
		return packet.Publish
	case packet.Suback:
		return packet.Subscribe
	case packet.Unsuback:
		return packet.Unsubscribe
	case packet.Pingresp:
		return packet.Pingreq
	case packet.Pubrel:
		return packet.Pubrec
	}
	return 0
}

// oldest returns the packet that was sent first, whether a packet that was sent later has been answered, and whether
// there is a packet at all.
func (u *Unanswered) oldest() (p Pending, passed, some bool) {
	if u.first == u.unsent {
		return Pending{}, false, false
	}
	return *u.at(u.first), u.answered > u.first, true
}

// Missing returns an error that names the missing answer.
func (p Pending) Missing() error {
	switch p.Kind {
	case packet.Publish:
		return fmt.Errorf("no PUBACK for the message on %.200q", p.What)
	case packet.Subscribe:
		return fmt.Errorf("no SUBACK for the filter %.200q", p.What)
	case packet.Unsubscribe:
		return fmt.Errorf("no UNSUBACK for the filter %.200q", p.What)
	case packet.Pubrec:
		return fmt.Errorf("no PUBREL for the message that came with the identifier %d", p.ID)
	}
	return errors.New("no PINGRESP")
}
