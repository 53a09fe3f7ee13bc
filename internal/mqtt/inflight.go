package mqtt

import "errors"

// inflight holds the publications whose outcome has not been told, in their order, and deals out identifiers. It has
// no lock of its own.
type inflight struct {
	ring       []flight // its length is a power of 2; the flight numbered n is at n modulo that
	first, end uint64   // those from first up to, not including, end are in flight
	published  map[uint16]uint64
	asked      map[uint16]*request
	last       uint16 // identifier dealt out
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
	kind   byte      // type of the answer
	answer chan byte // takes one without blocking: the code of a SUBACK, 0 otherwise
}

func newInflight() inflight {
	return inflight{ring: make([]flight, 64), published: make(map[uint16]uint64), asked: make(map[uint16]*request)}
}

func (i *inflight) at(n uint64) *flight { return &i.ring[n&uint64(len(i.ring)-1)] }

func (i *inflight) empty() bool { return i.first == i.end }

// add puts f behind the others. Its identifier is 0 if it needs no acknowledgement.
func (i *inflight) add(f flight, id uint16) {
	if i.end-i.first == uint64(len(i.ring)) {
		old := *i
		i.ring = make([]flight, 2*len(old.ring))
		for n := i.first; n < i.end; n++ {
			*i.at(n) = *old.at(n)
		}
	}
	*i.at(i.end) = f
	if id != 0 {
		i.published[id] = i.end
	}
	i.end++
}

// ask notes a request that is about to be sent.
func (i *inflight) ask(id uint16, kind byte) *request {
	r := &request{kind, make(chan byte, 1)}
	i.asked[id] = r
	return r
}

var errNoIdentifier = errors.New("65535 packets are unacknowledged, and no more can be")

// identifier returns one that is not in use, never 0.
func (i *inflight) identifier() (uint16, error) {
	if len(i.published)+len(i.asked) >= 65535 {
		return 0, errNoIdentifier
	}
	for {
		i.last++
		_, published := i.published[i.last]
		_, asked := i.asked[i.last]
		if i.last != 0 && !published && !asked {
			return i.last, nil
		}
	}
}

// acknowledge settles the publication with an identifier, and reports whether there was one.
func (i *inflight) acknowledge(id uint16) bool {
	n, ok := i.published[id]
	if ok {
		delete(i.published, id)
		i.at(n).settled = true
	}
	return ok
}

// answer answers the request with an identifier, and reports whether there was one of that kind.
func (i *inflight) answer(kind byte, id uint16, code byte) bool {
	r := i.asked[id]
	if r == nil || r.kind != kind {
		return false
	}
	delete(i.asked, id)
	r.answer <- code
	return true
}

// settled removes those from the front whose outcome is known, and appends them to list.
func (i *inflight) settled(list []flight, written uint64) []flight {
	for ; i.first < i.end; i.first++ {
		f := i.at(i.first)
		if !f.settled && (f.sent == 0 || f.sent > written) {
			break
		}
		list = append(list, *f)
		*f = flight{}
	}
	return list
}
