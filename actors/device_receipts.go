package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/devices"
)

// receipts are the receipts that are open. Actors name a receipt by its number. receipts is not an actor, and any
// goroutine may use it, since a device that waits for a receipt within Handle must get it.
type receipts struct {
	mu     sync.Mutex
	last   uint64
	open   map[uint64]*receipt
	closed bool
}

// receipt implements devices.Receipt. Its fields are guarded by the lock of its receipts.
type receipt struct {
	of       *receipts
	resolved bool
	err      error
	done     chan struct{} // made when Done is called for the first time: most receipts need none
}

var _ devices.Receipt = (*receipt)(nil)

// Done returns a channel that is closed when the message is kept or refused.
func (r *receipt) Done() <-chan struct{} {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.done == nil {
		r.done = make(chan struct{})
		if r.resolved {
			close(r.done)
		}
	}
	return r.done
}

// Err returns why the message was refused, or nil if it is kept, or if Done is not closed yet.
func (r *receipt) Err() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	return r.err
}

// resolve ends the receipt. The caller holds the lock.
func (r *receipt) resolve(err error) {
	r.resolved, r.err = true, err
	if r.done != nil {
		close(r.done)
	}
}

// next returns a new receipt and its number. After close, the receipt is refused, and its number is 0.
func (rs *receipts) next() (uint64, *receipt) {
	r := &receipt{of: rs}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		r.resolve(devices.ErrStopped)
		return 0, r
	}
	if rs.open == nil {
		rs.open = make(map[uint64]*receipt)
	}
	rs.last++
	rs.open[rs.last] = r
	return rs.last, r
}

// resolve ends a receipt: kept if err is nil, else refused. If the receipt has ended already, resolve has no effect.
func (rs *receipts) resolve(number uint64, err error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r, ok := rs.open[number]; ok {
		delete(rs.open, number)
		r.resolve(err)
	}
}

// close refuses all open receipts, and all later ones.
func (rs *receipts) close() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.closed = true
	for number, r := range rs.open {
		delete(rs.open, number)
		r.resolve(devices.ErrStopped)
	}
}
