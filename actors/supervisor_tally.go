package actors

import (
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// tallyEvery is the shortest time between two reports of a tally.
const tallyEvery = time.Second

// tally sums up refusals, so that many refusals do not become as many messages to the supervisor. A tally reports the
// first refusal at once, and later ones as a sum once a second. Several goroutines may use a tally at the same time.
type tally struct {
	who, what string
	report    func(messages.Refusals)

	mu     sync.Mutex
	count  int
	latest error
	timer  *time.Timer // runs while refusals come; nil otherwise
}

// newTally returns a tally that reports the refusals of who and of the kind what to a supervisor.
func newTally(supervisor address, who, what string) *tally {
	return &tally{who: who, what: what, report: func(r messages.Refusals) { supervisor.send(r) }}
}

func (t *tally) note(err error) { t.noteMany(1, err) }

func (t *tally) noteMany(n int, err error) {
	t.mu.Lock()
	t.count += n
	t.latest = err
	first := t.timer == nil
	var sum messages.Refusals
	if first {
		sum = t.take()
		t.timer = time.AfterFunc(tallyEvery, t.due)
	}
	t.mu.Unlock()
	if first {
		t.report(sum)
	}
}

func (t *tally) take() messages.Refusals {
	sum := messages.Refusals{Who: t.who, What: t.what, Count: t.count, Err: t.latest}
	t.count, t.latest = 0, nil
	return sum
}

func (t *tally) due() {
	t.mu.Lock()
	var sum messages.Refusals
	if t.count > 0 {
		sum = t.take()
		t.timer.Reset(tallyEvery)
	} else {
		t.timer = nil
	}
	t.mu.Unlock()
	if sum.Count > 0 {
		t.report(sum)
	}
}

// stop stops the timer, and reports the refusals that are in no report.
func (t *tally) stop() {
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	sum := t.take()
	t.mu.Unlock()
	if sum.Count > 0 {
		t.report(sum)
	}
}
