package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// kind is one of the kinds of events that a reader may ask for.
type kind int

const (
	records  kind = iota // snapshot and change: the record
	counts               // queues and rates of devices
	traffic              // messages
	logLines             // lines of the log
	kinds
)

// kindNames are the words of the parameter kinds.
var kindNames = [kinds]string{"record", "counts", "messages", "log"}

// parseKinds reads words with commas between them.
func parseKinds(text string) (list []kind, err error) {
	if text == "" {
		return []kind{records}, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		k := kind(slices.Index(kindNames[:], word))
		switch {
		case k < 0:
			return nil, fmt.Errorf("no kind %q of events: there are %s", word, strings.Join(kindNames[:], ", "))
		case !slices.Contains(list, k):
			list = append(list, k)
		}
	}
	slices.Sort(list) // the record first
	return list, nil
}

// The bounds of streams.
const (
	maxReaders = 100
	linger     = 30 * time.Second       // after the last reader, until a pump ends
	turnEvery  = 500 * time.Microsecond // between two turns, of any readers
)

var errReaders = errors.New("too many readers of events at once: close some")

// stream holds the rings, and knows who reads.
type stream struct {
	life  context.Context
	epoch string // tells the ids of this life of the program from those of another
	pumps [kinds]func(context.Context)
	tasks sync.WaitGroup

	mu      sync.Mutex // guards what follows
	rings   [kinds]ring
	users   [kinds]int // readers
	ends    [kinds]context.CancelFunc
	timers  [kinds]*time.Timer   // until a pump without readers ends
	running [kinds]chan struct{} // closed when the latest pump has ended; nil: there was none
	readers int
	changed chan struct{} // closed when there are new events; nil: nobody waits
	turn    time.Time     // when the next turn begins

	known known
	rates rates
}

// newStream returns a stream for which nothing runs yet.
func (a *API) newStream() *stream {
	s := &stream{life: a.life, epoch: rand.Text()[:8]}
	for k := range s.rings {
		s.rings[k] = newRing()
	}
	s.pumps = [kinds]func(context.Context){records: a.pumpRecord, counts: a.pumpCounts, traffic: a.pumpTraffic, logLines: a.pumpLog}
	return s
}

// position has the number of the event of each ring that a reader is to get next; 0 if it has never read that ring.
type position [kinds]uint64

// join adds a reader, and returns where it begins: at the end of each ring.
func (s *stream) join(list []kind) (position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers >= maxReaders {
		return position{}, errReaders
	}
	s.readers++
	var at position
	for _, k := range list {
		s.use(k)
		at[k] = s.rings[k].number
	}
	return at, nil
}

// use starts the pump of a kind unless it runs. The caller holds mu.
func (s *stream) use(k kind) {
	s.users[k]++
	if s.users[k] > 1 {
		return
	}
	if s.timers[k] != nil { // the pump still runs; what the timer calls may wait for mu already, and then ends nothing
		s.timers[k].Stop()
		s.timers[k] = nil
		return
	}
	ctx, end := context.WithCancel(s.life)
	s.ends[k] = end
	before, done := s.running[k], make(chan struct{})
	s.running[k] = done
	s.tasks.Go(func() {
		defer close(done)
		if before != nil {
			<-before // what it leaves behind is not to be taken for the new one's
		}
		s.pumps[k](ctx)
	})
}

// leave takes a reader away.
func (s *stream) leave(list []kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers--
	for _, k := range list {
		s.unuse(k)
	}
}

func (s *stream) unuse(k kind) {
	if s.users[k]--; s.users[k] > 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timers[k] == timer {
			s.timers[k] = nil
			s.ends[k]()
			s.rings[k].clear()
		}
	})
	s.timers[k] = timer
}

// push adds events of a kind, and wakes the readers.
func (s *stream) push(k kind, events ...event) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.rings[k].push(e)
	}
	s.wake()
}

// wake wakes the readers. The caller holds mu.
func (s *stream) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// skip leaves out n events of a kind, which came too fast. The next event that is pushed wakes the readers.
func (s *stream) skip(k kind, n uint64) {
	if n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rings[k].skip(n)
}

// clear drops the events of a kind, and has those who read them miss something.
func (s *stream) clear(k kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rings[k].clear()
	s.wake()
}

// topics yields the topics of messages that have passed lately.
func (s *stream) topics() iter.Seq[string] {
	return func(yield func(string) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.rings[traffic].items {
			if e.topic != "" && !yield(e.topic) {
				return
			}
		}
	}
}

// news returns a channel that is closed when there are more events.
func (s *stream) news() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// take appends events of a kind to a slice, from a number on, as many as the slice has room for.
func (s *stream) take(k kind, from uint64, to []event) taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rings[k].take(from, to)
}

// untilTurn returns how long a reader waits for its turn, in which it is written to once. All readers share the turns, so that messages
// find the processor free between two writes, however many readers there are and however much each of them is to get.
func (s *stream) untilTurn() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.turn.Before(now) {
		s.turn = now
	}
	wait := s.turn.Sub(now)
	s.turn = s.turn.Add(turnEvery)
	return wait
}

// behind returns the position behind all events.
func (s *stream) behind() (at position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.rings {
		at[k] = s.rings[k].number
	}
	return at
}

// appendID appends a position as the id of an event.
func (s *stream) appendID(b []byte, at *position) []byte {
	b = append(b, s.epoch...)
	for _, n := range at {
		b = strconv.AppendUint(append(b, '-'), n, 10)
	}
	return b
}

// resume returns the position that an id holds, and false if it is none of this life.
func (s *stream) resume(id string) (at position, ok bool) {
	epoch, numbers, _ := strings.Cut(id, "-")
	if epoch != s.epoch {
		return position{}, false
	}
	n, err := fmt.Sscanf(numbers, "%d-%d-%d-%d", &at[records], &at[counts], &at[traffic], &at[logLines])
	return at, n == int(kinds) && err == nil
}

// encode returns an event with a value as JSON.
func encode(name string, value any) event {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.text.Reset()
	e.text.WriteString("event: ")
	e.text.WriteString(name)
	e.text.WriteString("\ndata: ")
	e.write(value)
	e.text.WriteString("\n\n")
	return event{frame: bytes.Clone(e.text.Bytes())}
}

// encoder has memory for events that are encoded. Thousands of them a second would else leave much garbage behind.
type encoder struct {
	text bytes.Buffer
	json *json.Encoder // to text
}

var encoders = sync.Pool{New: func() any { return newEncoder() }}

func newEncoder() *encoder {
	e := new(encoder)
	e.json = json.NewEncoder(&e.text)
	e.json.SetEscapeHTML(false)
	return e
}

// write appends a value as JSON on one line.
func (e *encoder) write(value any) {
	if err := e.json.Encode(value); err != nil {
		panic(fmt.Sprintf("api: %T: %v", value, err)) // impossible: our own types
	}
	e.text.Truncate(e.text.Len() - 1) // the line's end
}
