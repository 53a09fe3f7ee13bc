package actors

import "sync"

// published tells that there are results. The session → connection.
type published struct{ *results }

// results are what has become of publications of one session, in order. The session adds them; the connection takes all that
// there are at one message, so that publications that were written together cost one message between the two.
type results struct {
	epoch uint64

	mu    sync.Mutex
	list  []result
	spare []result // takes the place of list when the connection takes that
}

// result is what has become of one publication.
type result struct {
	number uint64 // in the flight
	err    error  // why the session has refused it; nil: it has arrived as well as its QoS can tell
}

// add adds one, and reports whether to tell the connection: while it has not taken those before, it has been told.
func (r *results) add(one result) (tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, one)
	return len(r.list) == 1
}

// take returns the results that have not been taken. They are valid until the next call.
func (r *results) take() []result {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.list
	r.list, r.spare = r.spare[:0], taken
	return taken
}
