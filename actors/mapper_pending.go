package actors

import (
	"maps"

	"github.com/mqttgateway/mqttgateway/messages"
)

// pending has the deliveries that somebody waits for.
type pending struct {
	epoch uint64 // the latest of the deliveries in open
	open  map[messages.Delivery]*pendingDelivery
}

func newPending() pending { return pending{open: make(map[messages.Delivery]*pendingDelivery)} }

// expect opens a delivery, until all its devices have told how it went. The first delivery of a session closes those of
// the sessions before for which only their broker waited.
func (p *pending) expect(d messages.Delivery, delivery *pendingDelivery) {
	if d.Epoch > p.epoch {
		p.epoch = d.Epoch
		maps.DeleteFunc(p.open, func(_ messages.Delivery, old *pendingDelivery) bool { return old.wanted == nothingWanted })
	}
	if d.Epoch == p.epoch || delivery.wanted != nothingWanted {
		p.open[d] = delivery
	}
}

// close ends a delivery if nobody waits for it any more.
func (p *pending) close(d messages.Delivery, delivery *pendingDelivery) {
	if delivery.left == 0 && delivery.awaited == 0 {
		delete(p.open, d)
	}
}

// pendingDelivery is a delivery that somebody waits for: the broker for its acknowledgement, the sender for an answer,
// or both.
type pendingDelivery struct {
	left      int                  // devices that have still to tell how it went
	awaited   int                  // of them, those for which the broker waits
	record    uint64               // the highest that is to be on disk before the acknowledgement
	answering                      // of the sender
	asked     messages.InternalMsg // what is to be answered
	worst     messages.Outcome     // so far
	reason    string               // of the worst, naming the devices
	device    string               // the first of them
	blamed    int                  // how many they are
}

// newPendingDelivery returns the delivery of a message that has found so many devices.
func newPendingDelivery(msg messages.InternalMsg, how answering, found int, qos byte) *pendingDelivery {
	p := &pendingDelivery{left: found, answering: how, asked: msg}
	if qos > 0 {
		p.awaited = found
	}
	return p
}

// maxBlamed is how many devices an answer names.
const maxBlamed = 5

// add counts what one device told.
func (p *pendingDelivery) add(d messages.Done) {
	p.left--
	if d.Outcome > p.worst {
		p.worst, p.reason, p.device, p.blamed = d.Outcome, "", d.Device, 0
	}
	if d.Outcome == messages.Handled || d.Outcome < p.worst {
		return
	}
	p.blamed++
	switch {
	case p.blamed > maxBlamed+1:
	case p.blamed > maxBlamed:
		p.reason += "; …"
	case p.reason != "":
		p.reason += "; " + d.Device + ": " + d.Reason
	default:
		p.reason = d.Device + ": " + d.Reason
	}
}
