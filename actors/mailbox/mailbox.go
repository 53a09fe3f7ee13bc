package mailbox

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/internal/fifo"
)

// Gate decides which messages a mailbox takes. The mailbox calls Enter and Leave with its lock held: they must not block, nor call
// the mailbox.
type Gate interface {
	// Enter is called for each message that is posted. An error refuses the message.
	Enter(msg any) error
	// Leave is called for each message that Enter has let in, when the actor gets it, or when Shed or Pick takes it out.
	Leave(msg any)
}

// Mailbox is the queue of one actor. It outlives restarts of the actor. Any goroutine may call its methods.
type Mailbox struct {
	gate   Gate                     // nil: every message is let in
	refuse func(msg any, err error) // called without the lock; must not be nil if there is a gate

	mu        sync.Mutex
	user      fifo.Queue[any]
	system    fifo.Queue[any] // messages of the library
	started   bool
	suspended bool
	running   bool     // a goroutine handles messages, or is about to
	lent      bool     // see Lend; set before the actor is spawned
	next      *Mailbox // the follower that the running goroutine handles next; nil: none

	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher
	work       func() // the method process, as a value that is made once

	arranged *arrangement // set before the actor is spawned; nil: nothing is arranged
}

// arrangement is what Follow and WhenEmpty arrange. The mailboxes of devices, of which there may be 100,000, have none.
type arrangement struct {
	source *Mailbox    // see Follow; nil: none
	due    func() bool // see WhenEmpty; nil: never true
	do     func()
}

var _ actor.Mailbox = (*Mailbox)(nil)

// New returns an empty mailbox. A nil gate lets every message in. The mailbox calls refuse for each message that the
// gate or Shed refuses, with their error, on the goroutine that posts or sheds, and without a lock.
func New(gate Gate, refuse func(msg any, err error)) *Mailbox {
	m := &Mailbox{gate: gate, refuse: refuse}
	m.work = m.process
	return m
}

// Lend lets the goroutine that sends a message run the actor. This saves waking another goroutine, and perhaps a
// processor, which costs several times what an actor that only computes needs for a message. Lend is for actors that
// don't block, don't compute for long, and call no code of devices: senders wait for them.
func (m *Mailbox) Lend() *Mailbox {
	m.lent = true
	return m
}

// Follow makes m, which must be lent, run after source on the same goroutine, once source is empty or had its 64 messages.
// Ten messages of source, each of which makes its actor send one to m, thus become one run of m, and one call of what m does
// when it is empty. Without Follow each of the ten would run m at once, inside source's actor.
func (m *Mailbox) Follow(source *Mailbox) *Mailbox {
	m.arrange().source = source
	return m
}

// WhenEmpty makes the goroutine that handles the messages call do whenever no message is queued and due returns true.
// An actor can thus do once for many messages what need not be done for each. Before calling do, the goroutine yields
// once, so that a sender that is about to post does so first. do is called as Receive is, due with the mailbox's lock
// held.
func (m *Mailbox) WhenEmpty(due func() bool, do func()) *Mailbox {
	a := m.arrange()
	a.due, a.do = due, do
	return m
}

func (m *Mailbox) arrange() *arrangement {
	if m.arranged == nil {
		m.arranged = new(arrangement)
	}
	return m.arranged
}

// source returns the mailbox that m follows; nil: none.
func (m *Mailbox) source() *Mailbox {
	if m.arranged == nil {
		return nil
	}
	return m.arranged.source
}

// isDue reports whether the function of WhenEmpty is to be called. The caller holds the lock.
func (m *Mailbox) isDue() bool { return m.arranged != nil && m.arranged.due != nil && m.arranged.due() }

// Produce returns m. It is passed to actor.WithMailbox, so that an actor keeps its mailbox through restarts.
func (m *Mailbox) Produce() actor.Mailbox { return m }

// PostUserMessage queues a message, or refuses it. A lent mailbox may run its actor before PostUserMessage returns.
func (m *Mailbox) PostUserMessage(msg any) {
	m.mu.Lock()
	if m.gate != nil {
		if err := m.gate.Enter(msg); err != nil {
			m.mu.Unlock()
			m.refuse(msg, err)
			return
		}
	}
	m.user.Push(msg)
	m.schedule(m.lent)
}

// PostSystemMessage queues a message of the library, which is never refused.
func (m *Mailbox) PostSystemMessage(msg any) {
	m.mu.Lock()
	m.system.Push(msg)
	m.schedule(false)
}

// RegisterHandlers is called by protoactor when it spawns the actor, for the first time or after the actor has ended.
func (m *Mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher, m.suspended = invoker, dispatcher, false
}

// Start is called by protoactor when it has registered the actor and posted the first system message.
func (m *Mailbox) Start() {
	m.mu.Lock()
	m.started = true
	m.schedule(false)
}

// UserMessageCount returns how many messages are queued, without those of the library.
func (m *Mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.Len()
}

// Locked calls f with the mailbox's lock held, for callers that read or change what the gate reads.
func (m *Mailbox) Locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// Queued returns the queued messages in order. The caller holds the lock (see Locked). It may replace messages in
// place, by messages that take as much room at the gate.
func (m *Mailbox) Queued() []any { return m.user.All() }

// Pick removes the queued messages for which picks returns true, and returns them. The caller holds the lock, and
// passes the messages to Refuse.
func (m *Mailbox) Pick(picks func(msg any) bool) []any {
	picked := m.user.Remove(picks)
	if m.gate != nil {
		for _, msg := range picked {
			m.gate.Leave(msg)
		}
	}
	return picked
}

// Refuse calls the refuse function for messages that Pick has returned. The caller does not hold the lock.
func (m *Mailbox) Refuse(picked []any, err error) {
	for _, msg := range picked {
		m.refuse(msg, err)
	}
}

// Shed removes the queued messages for which picks returns true, and refuses them with err.
func (m *Mailbox) Shed(picks func(msg any) bool, err error) {
	var picked []any
	m.Locked(func() { picked = m.Pick(picks) })
	m.Refuse(picked, err)
}
