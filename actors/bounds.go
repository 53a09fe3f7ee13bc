package actors

import "github.com/mqttgateway/mqttgateway/messages"

// The most messages that wait for an actor, of the types that come from outside. None of these actors ever waits for
// anything, so that a mailbox is seldom full but of what is sent without end, or while its actor is down over a bug of ours.
const (
	maxArrived      = 8192
	maxEmitted      = 65536
	maxPublications = 65536
	maxReports      = 1024
	maxFound        = 8192

	maxWaiting = 16 << 20 // bytes of what arrived, was emitted, is to be published, and waits for a device, each
)

func sizeOfArrived(a messages.Arrived) int { return len(a.Topic) + len(a.Payload) }

func sizeOfPublication(p messages.Publication) int { return len(p.Topic) + len(p.Payload) }

func sizeOfEmitted(e messages.Emitted) int { return sizeOf(e.Msg) }

func sizeOf(m messages.InternalMsg) int {
	to := m.Address()
	n := len(to.Function) + len(to.Gateway) + len(to.Location) + len(to.Device) + len(m.Sender()) + len(m.Action())
	for key, value := range m.Args() {
		n += len(key) + len(value.Raw())
	}
	return n
}
