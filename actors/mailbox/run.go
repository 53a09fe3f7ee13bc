package mailbox

import (
	"errors"
	"runtime"

	"github.com/asynkron/protoactor-go/actor"
)

// turn is how many messages a sender's goroutine works on before it leaves the others to a goroutine of the dispatcher.
const turn = 64

// ErrGoexit is the cause of a failure whose actor has ended its goroutine by runtime.Goexit.
var ErrGoexit = errors.New("runtime.Goexit called")

// schedule starts work on the messages, unless a goroutine is at work already, there is none to work on, or the actor isn't
// ready. The calling goroutine does the work if here is true, else one of the dispatcher does. The caller holds the lock;
// schedule releases it.
func (m *Mailbox) schedule(here bool) {
	start := m.started && !m.running && (m.system.Len() > 0 || !m.suspended && m.user.Len() > 0)
	m.running = m.running || start
	m.mu.Unlock()
	switch {
	case !start:
	case !here:
		m.dispatcher.Schedule(m.work)
	case m.source == nil || !m.source.continueWith(m):
		m.runHere()
	}
}

// continueWith makes the goroutine that works on m go on with follower afterwards. If none works on m it returns false.
func (m *Mailbox) continueWith(follower *Mailbox) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		m.next = follower
	}
	return m.running
}

// runHere works on the messages of m for a turn, on the calling goroutine, and then on those of its follower.
func (m *Mailbox) runHere() {
	empty, follower := m.run(turn)
	if !empty {
		m.dispatcher.Schedule(m.work)
	}
	if follower != nil {
		follower.runHere()
	}
}

// process works on the messages until there are none, on a goroutine of the dispatcher.
func (m *Mailbox) process() {
	for {
		empty, follower := m.run(m.dispatcher.Throughput())
		if follower != nil {
			follower.runHere()
		}
		if empty {
			return
		}
		runtime.Gosched()
	}
}

// run takes at most so many steps. It returns whether nothing is left to do, and then no goroutine is at work on m any more;
// and the follower to be run next, if it waits. When the actor panics, run escalates the failure and returns false: the
// parent has the mailbox suspended then, and the next call of run comes to that message first.
func (m *Mailbox) run(most int) (empty bool, follower *Mailbox) {
	var msg any
	returned := false
	defer func() {
		if returned {
			return
		}
		cause := recover()
		if cause == nil { // Goexit ends this goroutine, whatever is done here: another takes over
			cause = ErrGoexit
			defer m.dispatcher.Schedule(m.work)
		}
		m.invoker.EscalateFailure(cause, msg)
	}()
	yielded := false
	for range most {
		var what step
		msg, what, follower = m.take()
		switch what {
		case nothing:
			returned = true
			return true, follower
		case message:
			m.invoker.InvokeUserMessage(msg)
		case systemMessage:
			m.invokeSystem(msg)
		case deferred:
			if yielded = !yielded; yielded {
				runtime.Gosched()
			} else {
				m.do()
			}
		}
	}
	returned = true
	m.Locked(func() { follower, m.next = m.next, nil })
	return false, follower
}

func (m *Mailbox) invokeSystem(msg any) {
	switch msg.(type) {
	case *actor.SuspendMailbox:
		m.Locked(func() { m.suspended = true })
	case *actor.ResumeMailbox:
		m.Locked(func() { m.suspended = false })
	default:
		m.invoker.InvokeSystemMessage(msg)
	}
}

// step is what run does next.
type step uint8

const (
	nothing       step = iota
	systemMessage      // hand a message of the library to the actor
	message            // hand a message to the actor
	deferred           // do what is due when the mailbox is empty
)

// take removes the first message and returns it. When there is nothing to do, take notes that no goroutine works on m any
// more, and returns the follower to be run next.
func (m *Mailbox) take() (msg any, what step, follower *Mailbox) {
	m.mu.Lock()
	switch {
	case m.system.Len() > 0:
		msg, what = m.system.Pop(), systemMessage
	case !m.suspended && m.user.Len() > 0:
		msg, what = m.user.Pop(), message
		if m.gate != nil {
			m.gate.Leave(msg)
		}
	case m.due != nil && m.due():
		what = deferred
	default:
		follower, m.next, m.running = m.next, nil, false
	}
	m.mu.Unlock()
	return msg, what, follower
}
