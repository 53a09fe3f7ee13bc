package actors

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The maximum number of messages from outside that wait for an actor. None of these actors ever waits, so a mailbox is
// full only if messages are sent without end, or while its actor is down after a panic.
const (
	maxArrived      = 8192
	maxEmitted      = 65536
	maxPublications = 65536
	maxSendings     = 1024
	maxReports      = 1024
	maxFound        = 8192

	maxWaiting = 16 << 20 // bytes; each: arrived, emitted, to be published, and for one device
)

func sizeOfArrived(a messages.Arrived) int { return len(a.Topic) + len(a.Payload) }

func sizeOfPublication(p messages.Publication) int { return len(p.Topic) + len(p.Payload) }

func sizeOfRetained(p messages.RetainedPublication) int {
	return sizeOfPublication(p.Publication) + sizeOf(p.Msg)
}

func sizeOfSending(s messages.Sending) int { return sizeOfPublication(s.Publication) }

func sizeOfView(v messages.View) int { return len(v.Device) + len(v.Name) + len(v.Payload) }

func sizeOfEmitted(e messages.Emitted) int { return sizeOf(e.Msg) }

func sizeOf(m messages.InternalMsg) int {
	to := m.Address()
	n := len(to.Function) + len(to.Gateway) + len(to.Location) + len(to.Device) + len(m.Sender()) + len(m.Action())
	for key, value := range m.Args() {
		n += len(key) + len(value.Raw())
	}
	return n
}

var errSupervisorFull = errors.New("supervisor's mailbox full")

// newSupervisorMailbox returns the mailbox of the supervisor, which bounds the reports of devices.
func newSupervisorMailbox(supervisor address) *mailbox.Mailbox {
	reports := newTally(supervisor, supervisorName, "reports")
	return mailbox.New(&mailbox.Bound[messages.Report]{Most: maxReports, Full: errSupervisorFull}, func(msg any, err error) {
		reports.note(fmt.Errorf("device %q: %w", msg.(messages.Report).Device, err))
	})
}

// connectionGate bounds the publications in the connection's mailbox, and the messages that the broker can cause there.
type connectionGate struct {
	publications mailbox.Bound[messages.Publication]
	retained     mailbox.Bound[messages.RetainedPublication]
	views        mailbox.Bound[messages.View]
	sendings     mailbox.Bound[messages.Sending]
	found        mailbox.Bound[found]
}

var errConnectionFull = errors.New("connection's mailbox full")

func newConnectionGate() mailbox.Gate {
	return &connectionGate{
		publications: mailbox.Bound[messages.Publication]{
			Most: maxPublications, MostBytes: maxWaiting, Size: sizeOfPublication, Full: errConnectionFull,
		},
		retained: mailbox.Bound[messages.RetainedPublication]{
			Most: maxPublications, MostBytes: maxWaiting, Size: sizeOfRetained, Full: errConnectionFull,
		},
		views: mailbox.Bound[messages.View]{Most: maxPublications, MostBytes: maxWaiting, Size: sizeOfView, Full: errConnectionFull},
		sendings: mailbox.Bound[messages.Sending]{
			Most: maxSendings, MostBytes: maxWaiting, Size: sizeOfSending, Full: errConnectionFull,
		},
		found: mailbox.Bound[found]{Most: maxFound, Full: errConnectionFull},
	}
}

// Enter implements mailbox.Gate.
func (g *connectionGate) Enter(msg any) error {
	// Each accepts messages of other types.
	return cmp.Or(g.publications.Enter(msg), g.retained.Enter(msg), g.views.Enter(msg), g.sendings.Enter(msg), g.found.Enter(msg))
}

// Leave implements mailbox.Gate.
func (g *connectionGate) Leave(msg any) {
	g.publications.Leave(msg)
	g.retained.Leave(msg)
	g.views.Leave(msg)
	g.sendings.Leave(msg)
	g.found.Leave(msg)
}

// newConnectionMailbox returns the mailbox of the connection, which reports sums of the publications that it refuses.
func newConnectionMailbox(c connectionOptions, m *connectionMemory) *mailbox.Mailbox {
	return mailbox.New(newConnectionGate(), func(msg any, err error) {
		var p messages.Publication
		switch msg := msg.(type) {
		case messages.Publication:
			p = msg
		case messages.RetainedPublication:
			p = msg.Publication
		case messages.Sending:
			p = msg.Publication
		case messages.View:
			p = messages.Publication{Device: msg.Device, Topic: viewTopic(m.availability.below, msg.Device, msg.Name)}
		default:
			return // a removed device: the next run finds it
		}
		err = fmt.Errorf("%w: %w", devices.ErrDropped, err)
		c.tellDropped(p, err)
		c.receipts.resolve(p.Number, err)
	}).WhenEmpty(m.flushDue, m.flush)
}

// mapperGate bounds what the broker and the devices can put into the mapper's mailbox.
type mapperGate struct {
	arrived mailbox.Bound[messages.Arrived]
	emitted mailbox.Bound[messages.Emitted]
}

var errMapperFull = errors.New("mapper's mailbox full")

func newMapperGate() mailbox.Gate {
	return &mapperGate{
		arrived: mailbox.Bound[messages.Arrived]{
			Most: maxArrived, Free: unacknowledged, MostBytes: maxWaiting, Size: sizeOfArrived, Full: errMapperFull,
		},
		emitted: mailbox.Bound[messages.Emitted]{Most: maxEmitted, MostBytes: maxWaiting, Size: sizeOfEmitted, Full: errMapperFull},
	}
}

// unacknowledged reports whether the broker waits for the acknowledgement of an arrival. The broker has only 65,535
// identifiers for such messages.
func unacknowledged(a messages.Arrived) bool { return a.QoS > 0 }

// Enter implements mailbox.Gate.
func (g *mapperGate) Enter(msg any) error {
	if err := g.arrived.Enter(msg); err != nil {
		return err
	}
	return g.emitted.Enter(msg)
}

// Leave implements mailbox.Gate.
func (g *mapperGate) Leave(msg any) {
	g.arrived.Leave(msg)
	g.emitted.Leave(msg)
}

// newMapperMailbox returns the mailbox of the mapper, which answers messages that it refuses.
func newMapperMailbox(m *mapper) *mailbox.Mailbox {
	return mailbox.New(newMapperGate(), func(msg any, err error) {
		m.overflow.note(err)
		switch msg := msg.(type) {
		case messages.Arrived:
			m.counters.Arrived.Add(1)
			m.counters.Refused.Add(1)
			m.acknowledge(msg)
		case messages.Emitted:
			m.counters.Unsaid.Add(1)
			m.receipts.resolve(msg.Number, fmt.Errorf("%w: %w", devices.ErrDropped, err))
		}
	})
}
