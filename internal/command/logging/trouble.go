package logging

import (
	"log/slog"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/throttle"
)

// trouble logs to the other sinks what goes wrong with one sink, throttled.
//
// trouble holds no lock while it logs, and starts no goroutine except that of a timer, which close stops. So a sink may
// call trouble from within Write, if the other sinks do not lead back to it.
type trouble struct {
	log        *slog.Logger
	lost, well string // messages for a failure and for the end of failures

	mu     sync.Mutex // guards what follows
	book   *throttle.Book[error]
	timer  *time.Timer
	closed bool
}

func newTrouble(to slog.Handler, lost, well string, every time.Duration) *trouble {
	return &trouble{log: slog.New(to), lost: lost, well: well, book: throttle.New[error](every, logKinds)}
}

// logWho is the Who under which the throttle counts failures of sinks.
const logWho = "log"

// logKinds is how many kinds of failures the throttle counts separately.
const logKinds = 16

// failed records that a line, or an attempt, was lost.
func (t *trouble) failed(err error) {
	t.mu.Lock()
	fresh := !t.closed && t.book.Note(time.Now(), throttle.Kind{Who: logWho, What: t.lost, Err: throttle.Text(err)}, err, 0)
	t.arm()
	t.mu.Unlock()
	if fresh {
		t.log.Warn(t.lost, "err", err)
	}
}

// recovered records that a line was written. Its message is a warning, too, for it says how many lines were lost.
func (t *trouble) recovered() {
	t.mu.Lock()
	r, line := t.book.Recover(time.Now(), logWho, t.lost)
	line = line && !t.closed
	t.mu.Unlock()
	if line {
		t.log.Warn(t.well, "down", r.Down.Round(time.Millisecond), "more", r.More)
	}
}

func (t *trouble) due() {
	t.mu.Lock()
	t.timer = nil
	sums := t.book.Due(time.Now())
	t.arm()
	t.mu.Unlock()
	t.say(sums)
}

// arm sets the timer for the next sum. The caller holds mu.
func (t *trouble) arm() {
	if next, open := t.book.Next(); open && t.timer == nil && !t.closed {
		t.timer = time.AfterFunc(time.Until(next), t.due)
	}
}

func (t *trouble) say(sums []throttle.Sum[error]) {
	for _, s := range sums {
		log := t.log.With("more", s.More, "in", s.In.Round(time.Millisecond), "err", s.Latest)
		if s.Up {
			log = log.With("now", "well")
		}
		log.Warn(t.lost)
	}
}

// close logs the sums of what was counted. Nothing is logged after close.
func (t *trouble) close() {
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	sums := t.book.Close(time.Now())
	t.closed = true
	t.mu.Unlock()
	t.say(sums)
}
