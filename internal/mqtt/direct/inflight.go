package direct

import (
	"errors"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// inflight holds the publications whose outcome has not been reported, and allocates identifiers. It has no lock of its
// own. Publications stay in order within a QoS only: at QoS 0 no outcome waits for acknowledgements of the broker.
type inflight struct {
	unanswered *liveness.Unanswered
	lanes      [1 + mqtt.MaxQoS]lane // by QoS
	asked      map[uint16]*request
	last       uint16 // the identifier that was allocated last
}

// lane holds publications of one QoS, in their order.
type lane struct {
	ring       []flight // its length is a power of 2; the flight numbered n is at n modulo that
	first, end uint64   // the flights from first up to, but not including, end are in flight
}

// flight is one publication in flight.
type flight struct {
	number uint64 // the caller's number of the publication
	sent   uint64 // at QoS 0: the outcome is known when so many bytes of the session have been written
	known  bool   // the outcome is known
	err    error
}

// request is a SUBSCRIBE or UNSUBSCRIBE. A request that nobody waits for any more keeps its identifier until the broker
// answers.
type request struct {
	missing error     // the error if there is no answer
	answer  chan byte // has room for the one answer: the code of a SUBACK, else 0
}

func newInflight() inflight {
	i := inflight{unanswered: liveness.NewUnanswered(), asked: make(map[uint16]*request)}
	for qos := range i.lanes {
		i.lanes[qos].ring = make([]flight, 64)
	}
	return i
}

func (l *lane) at(n uint64) *flight { return &l.ring[n&uint64(len(l.ring)-1)] }

// add adds f, and returns its number in the lane.
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

// popKnown removes flights from the front as long as their outcome is known, and appends them to list. written is the
// number of the session's bytes that have been written.
func (l *lane) popKnown(list []flight, written uint64) []flight {
	for ; l.first < l.end; l.first++ {
		f := l.at(l.first)
		if !f.known && (f.sent == 0 || f.sent > written) {
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

// popKnown does so for each lane.
func (i *inflight) popKnown(list []flight, written uint64) []flight {
	for qos := range i.lanes {
		list = i.lanes[qos].popKnown(list, written)
	}
	return list
}

// publish adds a publication at QoS 1. Its packet ends at byte end of the session.
func (i *inflight) publish(f flight, id uint16, topic string, end uint64) {
	i.unanswered.Add(liveness.Pending{Kind: packet.Publish, ID: id, What: topic, Tag: i.lanes[mqtt.MaxQoS].add(f), End: end})
}

// ask adds a request. Its packet ends at byte end of the session.
func (i *inflight) ask(kind byte, id uint16, filter string, end uint64) *request {
	p := liveness.Pending{Kind: kind, ID: id, What: filter, End: end}
	r := &request{p.Missing(), make(chan byte, 1)}
	i.asked[id] = r
	i.unanswered.Add(p)
	return r
}

var errNoIdentifier = errors.New("65535 packets are unacknowledged, and no more can be")

// identifier returns an identifier that is not in use. It is never 0.
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

// take takes an answer of the broker, with the code if it is a SUBACK, and reports whether the answer was asked for.
func (i *inflight) take(kind byte, id uint16, code byte) (asked bool) {
	of, tag, asked := i.unanswered.Answer(kind, id)
	switch of {
	case packet.Publish:
		i.lanes[mqtt.MaxQoS].at(tag).known = true
	case packet.Subscribe, packet.Unsubscribe:
		i.asked[id].answer <- code
		delete(i.asked, id)
	}
	return asked
}
