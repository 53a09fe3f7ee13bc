package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/devices"
)

// receipts are the promises made to those who emit: actors name them by number. It is safe for concurrent use and not
// an actor, for a device that waits for a receipt within Handle must get it.
type receipts struct {
	mu     sync.Mutex
	last   uint64
	open   map[uint64]*receipt
	closed bool
}

// receipt implements devices.Receipt.
type receipt struct {
	done chan struct{}
	err  error // written before done is closed
}

var _ devices.Receipt = (*receipt)(nil)

// Done is closed when the message is kept or refused.
func (r *receipt) Done() <-chan struct{} { return r.done }

// Err says why the message was refused, once Done is closed.
func (r *receipt) Err() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// next returns a receipt and its number. After close it is a refused one, with number 0.
func (rs *receipts) next() (uint64, *receipt) {
	r := &receipt{done: make(chan struct{})}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		r.err = devices.ErrStopped
		close(r.done)
		return 0, r
	}
	if rs.open == nil {
		rs.open = make(map[uint64]*receipt)
	}
	rs.last++
	rs.open[rs.last] = r
	return rs.last, r
}

// settle ends a receipt: kept if err is nil. One that is settled already stays as it is.
func (rs *receipts) settle(number uint64, err error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r, ok := rs.open[number]; ok {
		delete(rs.open, number)
		r.err = err
		close(r.done)
	}
}

// close refuses all that is open and all to come.
func (rs *receipts) close() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.closed = true
	for number, r := range rs.open {
		delete(rs.open, number)
		r.err = devices.ErrStopped
		close(r.done)
	}
}
