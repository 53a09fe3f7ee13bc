package liveness

import (
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// Unanswered holds the packets of ours that the broker has not answered, in the order in which they are sent.
//
//	PUBLISH at QoS 1 ◄─ PUBACK     SUBSCRIBE ◄─ SUBACK     PUBREC ◄─ PUBREL (of a message that came at QoS 2)
//	PINGREQ          ◄─ PINGRESP   UNSUBSCRIBE ◄─ UNSUBACK
//
// CONNECT is none of them: ConnectTimeout bounds the wait for its CONNACK. A PUBCOMP has no answer.
type Unanswered struct {
	ring               []Pending // its length is a power of 2; the packet numbered n is at n modulo that
	first, unsent, end uint64    // the packets from first up to, not including, end are held; from unsent on, they are not written

	open     map[uint32]uint64 // the numbers of the packets without an answer, by keyOf
	pings    int               // PINGREQs that have not been answered; only the first of them is held
	answered uint64            // the highest number of a packet that has been answered
}

// Pending is a packet that is to be answered.
type Pending struct {
	Kind byte   // type of the packet
	ID   uint16 // identifier; 0: PINGREQ
	What string // topic or filter
	Tag  uint64 // means something to the session
	End  uint64 // the packet is sent when so many bytes of the session have been

	sent time.Duration // when so many bytes had been sent
	done bool          // the broker has answered
}

// keyOf tells packets apart: we deal out the identifiers of what we ask, the broker those of PUBRELs.
func keyOf(theirs bool, id uint16) uint32 {
	if theirs {
		return 1<<16 | uint32(id)
	}
	return uint32(id)
}

// NewUnanswered returns one that holds nothing.
func NewUnanswered() *Unanswered {
	return &Unanswered{ring: make([]Pending, 16), open: make(map[uint32]uint64)}
}

func (u *Unanswered) at(n uint64) *Pending { return &u.ring[n&uint64(len(u.ring)-1)] }

// Add notes a packet behind the others. A packet whose answer is waited for already is not noted twice.
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

// InUse reports whether an identifier of ours belongs to a packet without an answer.
func (u *Unanswered) InUse(id uint16) bool {
	_, waits := u.open[keyOf(false, id)]
	return waits
}

// Full reports whether no identifier is left.
func (u *Unanswered) Full() bool { return len(u.open) >= 65535 }

// Wrote notes at what time so many bytes of the session had been written.
func (u *Unanswered) Wrote(bytes uint64, at time.Duration) {
	for ; u.unsent < u.end && u.at(u.unsent).End <= bytes; u.unsent++ {
		u.at(u.unsent).sent = at
	}
}

// Answer takes an answer of the given type. It returns the type and the tag of the packet that is answered, 0 and 0 for a ping
// beside the first, and whether there was one. An answer may come before Wrote has told that its packet is written.
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

// asks returns the type of packet that is answered by another, 0 if none is.
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

// oldest returns the packet that was sent first, and whether the broker has answered anything that was sent after it.
func (u *Unanswered) oldest() (p Pending, passed, some bool) {
	if u.first == u.unsent {
		return Pending{}, false, false
	}
	return *u.at(u.first), u.answered > u.first, true
}

// Missing names the answer that has not come.
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
