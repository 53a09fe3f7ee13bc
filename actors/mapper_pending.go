package actors

import (
	"maps"

	"github.com/mqttgateway/mqttgateway/messages"
)

// pending has the deliveries for which the broker or the sender waits.
type pending struct {
	epoch uint64 // the latest of the deliveries in open
	open  map[messages.Delivery]*pendingDelivery
}

func newPending() pending { return pending{open: make(map[messages.Delivery]*pendingDelivery)} }

// expect opens a delivery. The delivery stays open until all its devices have told how they handled it. The first delivery of a session
// closes those deliveries of earlier sessions for which only the broker waited.
func (p *pending) expect(d messages.Delivery, delivery *pendingDelivery) {
	if d.Epoch > p.epoch {
		p.epoch = d.Epoch
		maps.DeleteFunc(p.open, func(_ messages.Delivery, old *pendingDelivery) bool { return old.wanted == nothingWanted })
	}
	if d.Epoch == p.epoch || delivery.wanted != nothingWanted {
		p.open[d] = delivery
	}
}

// close ends a delivery if neither the broker nor the sender waits for it any more.
func (p *pending) close(d messages.Delivery, delivery *pendingDelivery) {
	if delivery.left == 0 && delivery.awaited == 0 {
		delete(p.open, d)
	}
}

// pendingDelivery is one delivery. The broker waits for its acknowledgement, or the sender for an answer, or both wait.
type pendingDelivery struct {
	left      int                  // number of devices that have not told the outcome yet
	awaited   int                  // number of these devices for which the broker waits
	record    uint64               // the highest record that must be on disk before the acknowledgement
	answering                      // what the sender is to hear
	asked     messages.InternalMsg // the command that is to be answered
	worst     messages.Outcome     // of the outcomes so far
	reason    string               // the reasons of the devices with the worst outcome, each behind the device's name
	device    string               // the first device with the worst outcome
	blamed    int                  // number of devices with the worst outcome
}

// newPendingDelivery returns the delivery of a message; found is the number of devices that the message has found.
func newPendingDelivery(msg messages.InternalMsg, how answering, found int, qos byte) *pendingDelivery {
	p := &pendingDelivery{left: found, answering: how, asked: msg}
	if qos > 0 {
		p.awaited = found
	}
	return p
}

// maxBlamed is the most devices that an answer names.
const maxBlamed = 5

// add takes the outcome that one device tells.
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
