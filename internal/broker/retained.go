package broker

import (
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
)

// retained counts the retained messages that clients other than the gateway have published. Any goroutine may use it.
type retained struct {
	server  *mochi.Server
	limits  Limits
	gateway string // the gateway's client id
	mu      sync.Mutex
	sizes   map[string]int // by topic
	total   int
}

// reserve counts a message of size bytes, or returns false if there is no room for it. The caller calls update when
// mochi has retained the message.
func (r *retained) reserve(topic string, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, known := r.sizes[topic]
	if !known && len(r.sizes) >= r.limits.Retained || r.total-old+size > r.limits.RetainedSize {
		return false
	}
	r.set(topic, size)
	return true
}

// update counts what mochi now retains for the topic, in whatever order several publishers came.
func (r *retained) update(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.server.Topics.Retained.Get(topic)
	if ok && m.Origin != r.gateway {
		r.set(topic, max(m.FixedHeader.Remaining, len(topic)+len(m.Payload)))
		return
	}
	r.total -= r.sizes[topic]
	delete(r.sizes, topic)
}

func (r *retained) set(topic string, size int) {
	r.total += size - r.sizes[topic]
	r.sizes[topic] = size
}
