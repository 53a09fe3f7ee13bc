package actors

import (
	"context"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/fifo"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Passed is a message that has passed between the gateway and the broker.
type Passed struct {
	At       time.Time
	Out      bool // the gateway has sent it; otherwise the broker has
	Topic    string
	Payload  string // the first LongestPassed bytes of it, if it is longer
	Size     int    // of the payload, in bytes
	QoS      byte
	Retained bool   // the broker is to keep it, or has kept it
	Devices  int    // how many devices it has found, if the broker has sent it
	Note     string // why it has found none, in the words of the log; ""
	Missed   int    // how many messages just before this one the reader has missed, being too slow
}

// The bounds of Traffic: of a payload, of what waits for a reader, and for how long messages are gathered before a reader is woken, since
// one that wakes for each would do so amid the work on it.
const (
	LongestPassed  = 16 << 10
	mostPassed     = 2000
	mostPassedSize = 4 << 20
	gatherPassed   = 20 * time.Millisecond
)

// Traffic yields the messages that pass between the gateway and the broker from now on: those that arrive when the mapper has found
// their devices, and those that go when the session gets them, again if a session ends before the broker has acknowledged them. The
// sequence ends when ctx is done, when the loop over it ends, or with the gateway. What passes within 20 ms is yielded at their end.
//
// Any number of goroutines may read. Readers delay neither the gateway nor each other: a reader that is slow misses the oldest of what
// waits for it, and is told how many. While nobody reads, Traffic costs a message next to nothing.
func (g *Gateway) Traffic(ctx context.Context) iter.Seq[Passed] {
	return func(yield func(Passed) bool) {
		r := g.traffic.join()
		defer g.traffic.leave(r)
		var batch []Passed
		for over := false; !over; {
			select {
			case <-r.news:
				time.Sleep(gatherPassed)
			case <-ctx.Done():
				return
			}
			batch, over = g.traffic.take(r, batch[:0])
			for _, p := range batch {
				if ctx.Err() != nil || !yield(p) {
					return
				}
			}
			clear(batch) // it must keep no payload alive
		}
	}
}

// traffic hands what passes to those who watch. traffic is no actor: mapper and connection put into it what passes, and each reader
// takes what the reader has not seen.
type traffic struct {
	watched atomic.Bool // there are readers: read for each message

	mu      sync.Mutex
	readers map[*trafficReader]struct{}
	over    bool // the gateway is at its end
}

// trafficReader is one loop over Traffic, and what it has not seen.
type trafficReader struct {
	news chan struct{} // has a token when something waits, or the gateway is at its end

	// The lock of the traffic guards what follows.
	waiting fifo.Queue[Passed]
	size    int
	missed  int // before the first of those that wait
}

// arrived shows a message that the broker has sent.
func (t *traffic) arrived(a messages.Arrived, devices int, note string) {
	if t.watched.Load() {
		t.pass(Passed{Topic: a.Topic, Payload: a.Payload, QoS: a.QoS, Retained: a.Retained, Devices: devices, Note: note})
	}
}

// sent shows a message that the gateway sends.
func (t *traffic) sent(topic, payload string, qos byte, retained bool) {
	if t.watched.Load() {
		t.pass(Passed{Out: true, Topic: topic, Payload: payload, QoS: qos, Retained: retained})
	}
}

func (t *traffic) pass(p Passed) {
	p.At, p.Size = time.Now(), len(p.Payload)
	if p.Size > LongestPassed { // topic and payload may share memory
		p.Topic, p.Payload = strings.Clone(p.Topic), strings.Clone(p.Payload[:LongestPassed])
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.readers {
		r.add(p)
	}
}

func (r *trafficReader) add(p Passed) {
	r.waiting.Push(p)
	r.size += p.size()
	for r.waiting.Len() > mostPassed || r.size > mostPassedSize {
		first := r.waiting.Pop()
		r.size -= first.size()
		r.missed++
	}
	r.wake()
}

func (p *Passed) size() int { return len(p.Topic) + len(p.Payload) }

func (r *trafficReader) wake() {
	select {
	case r.news <- struct{}{}:
	default: // the reader has not looked since it was last woken
	}
}

func (t *traffic) join() *trafficReader {
	r := &trafficReader{news: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readers == nil {
		t.readers = make(map[*trafficReader]struct{})
	}
	t.readers[r] = struct{}{}
	t.watched.Store(true)
	if t.over {
		r.wake()
	}
	return r
}

func (t *traffic) leave(r *trafficReader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.readers, r)
	t.watched.Store(len(t.readers) > 0)
}

// end wakes the readers for the last time.
func (t *traffic) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for r := range t.readers {
		r.wake()
	}
}

// take appends what waits for a reader to a batch, and reports whether nothing comes any more.
func (t *traffic) take(r *trafficReader, to []Passed) (batch []Passed, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.waiting.Len() > 0 {
		r.waiting.First().Missed = r.missed
		r.missed, r.size = 0, 0
	}
	return r.waiting.Take(to), t.over
}
