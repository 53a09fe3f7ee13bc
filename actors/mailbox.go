package actors

import (
	"errors"
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// gate decides what a mailbox takes. Its methods are called with the mailbox's lock held: they don't block, and
// reach nothing but the gate's own fields.
type gate interface {
	// enter is asked for each message; an error refuses it.
	enter(msg any) error
	// leave is told of each message that has been taken out, to be processed or to be refused after all.
	leave(msg any)
}

// mailbox is an actor's queue. It takes all that actors say among themselves, and of what the outside can fill as
// much as its gate allows: what is refused is handed back to the sender's goroutine at once, so that nobody ever
// waits or spins before a full one. Messages may be posted before the actor has been spawned.
//
// The shipped mailboxes are unbounded, or spin or lose messages when full.
type mailbox struct {
	gate   gate                     // nil takes everything
	refuse func(msg any, err error) // called without the lock; not nil if gate isn't

	mu        sync.Mutex
	user      fifo[any]
	system    fifo[any]
	started   bool
	suspended bool
	running   bool // a goroutine is at work on the messages, or about to be

	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher
	work       func()

	lent   bool     // who sends a message also works on it, if nobody else does; see lend
	source *mailbox // of most messages; see follow
	then   *mailbox // is to be worked on behind this one, by the same goroutine
	chores chores   // nil if there are none
}

// chores are what an actor puts off until its mailbox is empty, so that it is done once for all the messages that came
// together. Both methods are called as the actor itself is: by one goroutine at a time.
type chores interface {
	due() bool
	do()
}

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox(g gate, refuse func(msg any, err error)) *mailbox {
	m := &mailbox{gate: g, refuse: refuse}
	m.work = m.process
	return m
}

// turn is how many messages a sender works on before it leaves the others to a goroutine of their own.
const turn = 64

// lend lets the senders work on their messages themselves. That spares waking another goroutine, and with it perhaps a
// processor, which costs several times what the mapper or the connection does with a message. It is for actors that
// neither block nor compute for long, nor call anybody else's code: senders hold locks of their own, and do not wait.
func (m *mailbox) lend() *mailbox {
	m.lent = true
	return m
}

// follow has whoever works on source work on m as well, but not before source is empty or has had its turn: what the
// messages of source come to is then in m together, and others can fill source while the chores of m let them. Without
// it m, when source sends to it, would be worked on for each message, and source rest meanwhile.
func (m *mailbox) follow(source *mailbox) *mailbox {
	m.source = source
	return m
}

// produce is the mailbox's producer: an actor keeps its mailbox through restarts.
func (m *mailbox) produce() actor.Mailbox { return m }

// PostUserMessage is called by whoever sends.
func (m *mailbox) PostUserMessage(msg any) {
	m.mu.Lock()
	if m.gate != nil {
		if err := m.gate.enter(msg); err != nil {
			m.mu.Unlock()
			m.refuse(msg, err)
			return
		}
	}
	m.user.push(msg)
	m.schedule(m.lent)
}

// PostSystemMessage is called by protoactor.
func (m *mailbox) PostSystemMessage(msg any) {
	m.mu.Lock()
	m.system.push(msg)
	m.schedule(false)
}

// schedule has the messages worked on unless that is going on, by the caller or by a goroutine of their own, and
// unlocks.
func (m *mailbox) schedule(here bool) {
	start := m.started && !m.running && (m.system.len() > 0 || !m.suspended && m.user.len() > 0)
	m.running = m.running || start
	m.mu.Unlock()
	switch {
	case !start:
	case here:
		m.borrow()
	default:
		m.dispatcher.Schedule(m.work)
	}
}

// borrow works on the messages for a turn, unless somebody works on the source and does it soon.
func (m *mailbox) borrow() {
	if m.source == nil || !m.source.before(m) {
		m.take()
	}
}

// take works on the messages for a turn, and then on those of who comes then.
func (m *mailbox) take() {
	empty, then := m.drain(turn)
	if !empty {
		m.dispatcher.Schedule(m.work)
	}
	if then != nil {
		then.take()
	}
}

// before has whoever works on m go on with then; if nobody does it reports false.
func (m *mailbox) before(then *mailbox) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		m.then = then
	}
	return m.running
}

// RegisterHandlers is called by protoactor when the actor is spawned, also in the place of one that has ended.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher, m.suspended = invoker, dispatcher, false
}

// Start is called by protoactor when the actor has been registered, and its first system message posted.
func (m *mailbox) Start() {
	m.mu.Lock()
	m.started = true
	m.schedule(false)
}

// UserMessageCount returns the length of the queue.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

// locked runs f under the lock, for those who change the gate.
func (m *mailbox) locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// shed refuses, with err, the queued messages that out picks. out is called as the gate's methods are.
func (m *mailbox) shed(out func(msg any) bool, err error) {
	var picked []any
	m.locked(func() { picked = m.pick(out) })
	m.refuseAll(picked, err)
}

// pick takes out the queued messages that out picks, for refuseAll. The lock must be held.
func (m *mailbox) pick(out func(msg any) bool) []any {
	picked := m.user.remove(out)
	for _, msg := range picked {
		m.gate.leave(msg)
	}
	return picked
}

func (m *mailbox) refuseAll(picked []any, err error) {
	for _, msg := range picked {
		m.refuse(msg, err)
	}
}

func (m *mailbox) process() {
	for {
		empty, then := m.drain(m.dispatcher.Throughput())
		if then != nil {
			then.take()
		}
		if empty {
			return
		}
		runtime.Gosched()
	}
}

// errGoexit is what an actor is said to have panicked with that ended its goroutine.
var errGoexit = errors.New("runtime.Goexit called")

// drain takes so many steps at most, and tells whether nothing is left to do, and who comes then, if anybody does. It
// also stops at a message that makes the actor panic, which is its parent's to decide on; by then the mailbox has been
// told to suspend itself.
func (m *mailbox) drain(most int) (empty bool, then *mailbox) {
	var msg any
	returned := false
	defer func() {
		if returned {
			return
		}
		cause := recover()
		if cause == nil { // nothing brings this goroutine back, and the next takes over
			cause = errGoexit
			defer m.dispatcher.Schedule(m.work)
		}
		m.invoker.EscalateFailure(cause, msg)
	}()
	waited := false
	for range most {
		var what step
		msg, what, then = m.next()
		switch what {
		case nothing:
			returned = true
			return true, then
		case message:
			m.invoker.InvokeUserMessage(msg)
		case systemMessage:
			m.invokeSystem(msg)
		case chore:
			if waited = !waited; waited {
				runtime.Gosched() // who is about to send may do so first
			} else {
				m.chores.do()
			}
		}
	}
	returned = true
	m.locked(func() { then, m.then = m.then, nil })
	return false, then
}

func (m *mailbox) invokeSystem(msg any) {
	switch msg.(type) {
	case *actor.SuspendMailbox:
		m.locked(func() { m.suspended = true })
	case *actor.ResumeMailbox:
		m.locked(func() { m.suspended = false })
	default:
		m.invoker.InvokeSystemMessage(msg)
	}
}

// step is what is to be done next.
type step uint8

const (
	nothing step = iota
	systemMessage
	message
	chore
)

// next takes out the next message. If there is nothing to do it notes that nobody is at work any more, and returns who
// comes then.
func (m *mailbox) next() (msg any, what step, then *mailbox) {
	m.mu.Lock()
	switch {
	case m.system.len() > 0:
		msg, what = m.system.pop(), systemMessage
	case !m.suspended && m.user.len() > 0:
		msg, what = m.user.pop(), message
		if m.gate != nil {
			m.gate.leave(msg)
		}
	case m.chores != nil && m.chores.due():
		what = chore
	default:
		then, m.then, m.running = m.then, nil, false
	}
	m.mu.Unlock()
	return msg, what, then
}
