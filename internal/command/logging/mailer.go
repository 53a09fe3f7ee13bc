package logging

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/throttle"
)

const (
	mailKinds   = 256              // kinds that the throttle counts separately
	maxWaiting  = 100              // letters that wait at most; the oldest are dropped
	sendTime    = 30 * time.Second // limit for one conversation with the server
	retryTime   = time.Minute      // wait after a server has failed
	mailTrouble = 10 * retryTime   // throttle time of messages about the server
	closeTime   = 3 * time.Second  // limit for sending the last letters on closing
)

// sendFunc delivers letters in one conversation with the server. It returns the letters that may succeed later, and the
// first error. It returns when ctx is done.
type sendFunc func(context.Context, []letter) (later []letter, err error)

// mailer throttles alarms, and sends them from a goroutine of its own, so that no caller of note waits for a server.
type mailer struct {
	name    string
	to      []string
	send    sendFunc
	trouble *trouble

	wake   chan struct{} // has room for one value: there is a new alarm
	ctx    context.Context
	cancel context.CancelFunc
	quit   chan struct{}
	ended  chan struct{}

	mu      sync.Mutex // guards the fields below
	book    *throttle.Book[alarm]
	waiting []letter
	dropped int
	closed  bool
}

func newMailer(name string, send sendFunc, to []string, every time.Duration, t *trouble) *mailer {
	m := &mailer{
		name: name, to: to, send: send, trouble: t,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
		book: throttle.New[alarm](every, mailKinds),
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	go m.run() // ends with close
	return m
}

// note passes an alarm to the mailer. note never blocks.
func (m *mailer) note(k throttle.Kind, a alarm) {
	m.mu.Lock()
	if !m.closed && m.book.Note(time.Now(), k, a, 0) {
		m.post(a, "")
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailer) run() {
	defer close(m.ended)
	var retry time.Time
	for {
		m.postDue()
		if now := time.Now(); !now.Before(retry) && !m.deliver() {
			retry = now.Add(retryTime)
		}
		var timer <-chan time.Time
		if next, open := m.next(retry); open {
			timer = time.After(time.Until(next))
		}
		select {
		case <-m.wake:
		case <-timer:
		case <-m.quit:
			m.postLast()
			m.deliver()
			return
		}
	}
}

// deliver sends the letters that wait. It returns false if the server has failed and should not be tried again for
// retryTime.
func (m *mailer) deliver() bool {
	m.mu.Lock()
	letters := m.waiting
	m.waiting = nil
	m.mu.Unlock()
	if len(letters) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(m.ctx, sendTime)
	defer cancel()
	later, err := m.send(ctx, letters)
	if err != nil {
		m.trouble.failed(err)
	} else {
		m.trouble.recovered()
	}
	m.mu.Lock()
	m.wait(append(later, m.waiting...))
	m.mu.Unlock()
	return len(later) == 0
}

// next returns the time at which run must act next, if no alarm comes before. It returns false if there is nothing to wait
// for.
func (m *mailer) next(retry time.Time) (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, open := m.book.Next()
	if len(m.waiting) > 0 && (!open || retry.Before(next)) {
		return retry, true
	}
	return next, open
}

func (m *mailer) postDue() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.postSums(m.book.Due(time.Now()))
}

func (m *mailer) postLast() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.postSums(m.book.Close(time.Now()))
}

// postSums posts a letter for each sum. The caller holds mu.
func (m *mailer) postSums(sums []throttle.Sum[alarm]) {
	for _, s := range sums {
		m.post(s.Latest, fmt.Sprintf("%d more in %s", s.More, s.In.Round(time.Millisecond)))
	}
}

// post adds the letters for an alarm to those that wait for the server. The caller holds mu.
func (m *mailer) post(a alarm, sum string) {
	letters := m.waiting
	for _, to := range m.to {
		letters = append(letters, a.letter(m.name, to, sum))
	}
	m.wait(letters)
}

// wait replaces the letters that wait, and drops the oldest if there are more than maxWaiting. The caller holds mu.
func (m *mailer) wait(letters []letter) {
	if over := len(letters) - maxWaiting; over > 0 {
		m.dropped += over
		letters = slices.Clone(letters[over:])
	}
	m.waiting = letters
}

// close sends the letters that wait, for at most closeTime, and ends the goroutine.
func (m *mailer) close() {
	m.mu.Lock()
	again := m.closed
	m.closed = true
	m.mu.Unlock()
	if again {
		return
	}
	giveUp := time.AfterFunc(closeTime, m.cancel)
	close(m.quit)
	<-m.ended
	giveUp.Stop()
	m.cancel()
	if lost := m.dropped + len(m.waiting); lost > 0 { // the goroutine has ended, and note drops alarms
		m.trouble.log.Warn("e-mail lost", "letters", lost)
	}
	m.trouble.close()
}
