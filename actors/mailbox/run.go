package mailbox

import (
	"errors"
	"runtime"

	"github.com/asynkron/protoactor-go/actor"
)

// turn is the number of messages that a sender's goroutine handles before it leaves the rest to a goroutine of the
// dispatcher.
const turn = 64

// ErrGoexit is the cause of a failure whose actor has ended its goroutine by runtime.Goexit.
var ErrGoexit = errors.New("runtime.Goexit called")

// schedule makes a goroutine handle the messages, unless one does already, or there is no message, or the actor is not
// ready. The calling goroutine does so if here is true, else one of the dispatcher. The caller holds the lock, which
// schedule releases.
func (m *Mailbox) schedule(here bool) {
	start := m.started && !m.running && (m.system.Len() > 0 || !m.suspended && m.user.Len() > 0)
	m.running = m.running || start
	m.mu.Unlock()
	switch {
	case !start:
	case !here:
		m.dispatcher.Schedule(m.work)
	default:
		if source := m.source(); source == nil || !source.continueWith(m) {
			m.runHere()
		}
	}
}

// continueWith makes the goroutine that handles the messages of m handle those of follower afterwards. It returns false
// if there is no such goroutine.
func (m *Mailbox) continueWith(follower *Mailbox) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		m.next = follower
	}
	return m.running
}

// runHere handles the messages of m for a turn on the calling goroutine, and then those of the follower.
func (m *Mailbox) runHere() {
	empty, follower := m.run(turn)
	if !empty {
		m.dispatcher.Schedule(m.work)
	}
	if follower != nil {
		follower.runHere()
	}
}

// process handles messages until there are none, on a goroutine of the dispatcher.
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

// run takes at most most steps. It returns true if nothing is left to do, which means that no goroutine handles
// messages of m any more, and the follower to run next, if there is one. If the actor panics, run escalates the failure
// and returns false: the parent then suspends the mailbox by a message of the library, which the next call of run
// handles first.
func (m *Mailbox) run(most int) (empty bool, follower *Mailbox) {
	var msg any
	returned := false
	defer func() {
		if returned {
			return
		}
		cause := recover()
		if cause == nil { // Goexit ends this goroutine in any case: another one must take over
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
				m.arranged.do()
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

// step is a step of run.
type step uint8

const (
	nothing       step = iota
	systemMessage      // pass a message of the library to the actor
	message            // pass a message to the actor
	deferred           // call do, for which due has returned true
)

// take removes the first message and returns it. If there is nothing to do, take notes that no goroutine handles
// messages of m any more, and returns the follower to run next.
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
	case m.isDue():
		what = deferred
	default:
		follower, m.next, m.running = m.next, nil, false
	}
	m.mu.Unlock()
	return msg, what, follower
}
