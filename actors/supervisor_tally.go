package actors

import (
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// tallyEvery is how often one who refuses tells the supervisor, at most.
const tallyEvery = time.Second

// tally sums up what happens to messages, such as refusals, so that a flood of them is not one of messages to the supervisor
// as well: the first is told at once, then once a second what came since. It is safe for concurrent use.
type tally struct {
	who, what string
	tell      func(messages.Refusals)

	mu     sync.Mutex
	count  int
	latest error
	timer  *time.Timer // runs while refusals come; nil while none do
}

// newTally returns a tally that tells a supervisor what is refused by whom.
func newTally(supervisor address, who, what string) *tally {
	return &tally{who: who, what: what, tell: func(r messages.Refusals) { supervisor.send(r) }}
}

func (t *tally) note(err error) { t.noteMany(1, err) }

func (t *tally) noteMany(n int, err error) {
	t.mu.Lock()
	t.count += n
	t.latest = err
	first := t.timer == nil
	var told messages.Refusals
	if first {
		told = t.take()
		t.timer = time.AfterFunc(tallyEvery, t.due)
	}
	t.mu.Unlock()
	if first {
		t.tell(told)
	}
}

func (t *tally) take() messages.Refusals {
	told := messages.Refusals{Who: t.who, What: t.what, Count: t.count, Err: t.latest}
	t.count, t.latest = 0, nil
	return told
}

func (t *tally) due() {
	t.mu.Lock()
	var told messages.Refusals
	if t.count > 0 {
		told = t.take()
		t.timer.Reset(tallyEvery)
	} else {
		t.timer = nil
	}
	t.mu.Unlock()
	if told.Count > 0 {
		t.tell(told)
	}
}

// stop ends the timer; what was counted and not told is told.
func (t *tally) stop() {
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	told := t.take()
	t.mu.Unlock()
	if told.Count > 0 {
		t.tell(told)
	}
}
