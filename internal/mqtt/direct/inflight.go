package direct

import (
	"errors"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// inflight holds the publications whose outcome has not been told, and deals out identifiers. It has no lock of its own.
// Publications keep their order within a QoS: at QoS 0 none waits for what the broker has yet to acknowledge.
type inflight struct {
	unanswered *liveness.Unanswered
	lanes      [1 + mqtt.MaxQoS]lane // by QoS
	asked      map[uint16]*request
	last       uint16 // identifier dealt out
}

// lane holds publications of one QoS, in their order.
type lane struct {
	ring       []flight // its length is a power of 2; the flight numbered n is at n modulo that
	first, end uint64   // those from first up to, not including, end are in flight
}

// flight is one publication.
type flight struct {
	number  uint64 // the caller's
	sent    uint64 // QoS 0: it is settled when that many bytes of the session have been written
	settled bool
	err     error
}

// request is a SUBSCRIBE or UNSUBSCRIBE. One whose asker has gone keeps its identifier until it is answered.
type request struct {
	missing error     // what is missing as long as there is no answer
	answer  chan byte // takes one without blocking: the code of a SUBACK, 0 otherwise
}

func newInflight() inflight {
	i := inflight{unanswered: liveness.NewUnanswered(), asked: make(map[uint16]*request)}
	for qos := range i.lanes {
		i.lanes[qos].ring = make([]flight, 64)
	}
	return i
}

func (l *lane) at(n uint64) *flight { return &l.ring[n&uint64(len(l.ring)-1)] }

// add puts f behind the others, and returns its number in the lane.
func (l *lane) add(f flight) uint64 {
	if l.end-l.first == uint64(len(l.ring)) {
		old := *l
		l.ring = make([]flight, 2*len(old.ring))
		for n := l.first; n < l.end; n++ {
			*l.at(n) = *old.at(n)
		}
	}
	*l.at(l.end) = f
	l.end++
	return l.end - 1
}

// settled removes those from the front whose outcome is known, and appends them to list.
func (l *lane) settled(list []flight, written uint64) []flight {
	for ; l.first < l.end; l.first++ {
		f := l.at(l.first)
		if !f.settled && (f.sent == 0 || f.sent > written) {
			break
		}
		list = append(list, *f)
		*f = flight{}
	}
	return list
}

func (i *inflight) empty() bool {
	for qos := range i.lanes {
		if i.lanes[qos].first != i.lanes[qos].end {
			return false
		}
	}
	return true
}

// settled removes those whose outcome can be told, and appends them to list.
func (i *inflight) settled(list []flight, written uint64) []flight {
	for qos := range i.lanes {
		list = i.lanes[qos].settled(list, written)
	}
	return list
}

// publish takes a publication at QoS 1, which ends when so many bytes of the session have been written.
func (i *inflight) publish(f flight, id uint16, topic string, end uint64) {
	i.unanswered.Add(liveness.Pending{Kind: packet.Publish, ID: id, What: topic, Tag: i.lanes[mqtt.MaxQoS].add(f), End: end})
}

// ask notes a request, which ends when so many bytes of the session have been written.
func (i *inflight) ask(kind byte, id uint16, filter string, end uint64) *request {
	p := liveness.Pending{Kind: kind, ID: id, What: filter, End: end}
	r := &request{p.Missing(), make(chan byte, 1)}
	i.asked[id] = r
	i.unanswered.Add(p)
	return r
}

var errNoIdentifier = errors.New("65535 packets are unacknowledged, and no more can be")

// identifier returns one that is not in use, never 0.
func (i *inflight) identifier() (uint16, error) {
	if i.unanswered.Full() {
		return 0, errNoIdentifier
	}
	for {
		if i.last++; i.last != 0 && !i.unanswered.InUse(i.last) {
			return i.last, nil
		}
	}
}

// take takes what the broker answers to something of ours, with the code of a SUBACK, and reports whether that was asked.
func (i *inflight) take(kind byte, id uint16, code byte) (asked bool) {
	of, tag, asked := i.unanswered.Answer(kind, id)
	switch of {
	case packet.Publish:
		i.lanes[mqtt.MaxQoS].at(tag).settled = true
	case packet.Subscribe, packet.Unsubscribe:
		i.asked[id].answer <- code
		delete(i.asked, id)
	}
	return asked
}
