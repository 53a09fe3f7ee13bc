package actors

import "sync"

// outcomes are what has become of publications, in order: the session adds them, the connection takes all that there are
// at one word, so that those which were written together cost one message between the two.
type outcomes struct {
	epoch uint64

	mu    sync.Mutex
	list  []outcome
	spare []outcome // takes the place of list when that is taken
}

// outcome is that of one publication.
type outcome struct {
	order uint64
	err   error // why the session refused it
}

// add notes one more, and reports whether the connection is to be told: it is not while it has not taken those before.
func (o *outcomes) add(one outcome) (tell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, one)
	return len(o.list) == 1
}

// take returns those that have not been taken. They are valid until the next call.
func (o *outcomes) take() []outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	taken := o.list
	o.list, o.spare = o.spare[:0], taken
	return taken
}
