package faults

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// atOnce is the number of bytes that are read at a time.
	atOnce = 4 << 10
	// window is about the number of bytes that the system buffers for us: few, so that a sender soon notices when
	// nothing is read, but not so few that the sender waits before each piece.
	window = 128 << 10
)

// relay is one connection through the proxy.
type relay struct {
	proxy          *Proxy
	client, server *net.TCPConn
	up, down       *flow
}

func newRelay(p *Proxy, client, server *net.TCPConn) *relay {
	r := &relay{proxy: p, client: client, server: server}
	for _, conn := range []*net.TCPConn{client, server} {
		_ = conn.SetReadBuffer(window) // an error only means that a stall is noticed later
	}
	r.up = &flow{relay: r, way: Up, from: client, to: server, broken: make(chan struct{})}
	r.down = &flow{relay: r, way: Down, from: server, to: client, broken: make(chan struct{})}
	return r
}

func (r *relay) flow(d Direction) *flow {
	if d == Up {
		return r.up
	}
	return r.down
}

// run returns when both ends have closed the connection, or the relay has.
func (r *relay) run() {
	var both sync.WaitGroup
	both.Go(r.up.run)
	both.Go(r.down.run)
	both.Wait()
	r.close()
}

func (r *relay) close() {
	r.up.deafen()
	r.down.deafen()
	_ = r.client.Close()
	_ = r.server.Close()
}

// cut ends the connection for the ends that receive in the direction d.
func (r *relay) cut(d Direction, how Ending) {
	r.proxy.struck.Add(1)
	r.up.deafen() // both first: neither may pass on how the other end reacts
	r.down.deafen()
	for _, f := range []*flow{r.up, r.down} {
		switch {
		case d&f.way == 0:
		case how == RST:
			reset(f.to)
		default:
			_ = f.to.CloseWrite() // the peer may have closed before
		}
	}
}

// reset closes conn by RST.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// flow is one direction of a relay.
type flow struct {
	relay    *relay
	way      Direction
	from, to *net.TCPConn

	broken chan struct{} // closed when the flow is deaf, which means that it drops all that it reads
	once   sync.Once

	// The fields below are guarded by passing, which is held while a piece of the stream is passed on.
	passing sync.Mutex
	number  int // of the Inject to which left belongs
	left    int // bytes until the flow truncates

	inspect func([]byte) []byte // returns what is passed on of a piece; nil: all of it
	passed  func([]byte)        // called with what has been passed on; may be nil
}

func (f *flow) deafen() { f.once.Do(func() { close(f.broken) }) }

func (f *flow) deaf() bool {
	select {
	case <-f.broken:
		return true
	default:
		return false
	}
}

// run passes pieces on until the sender has ended.
func (f *flow) run() {
	piece := make([]byte, atOnce)
	for {
		f.untilUnstalled()
		n, err := f.from.Read(piece)
		if n > 0 {
			data := piece[:n]
			if f.inspect != nil {
				data = f.inspect(data)
			}
			f.pass(data)
		}
		if err != nil {
			f.end(err)
			return
		}
	}
}

// end passes the sender's end on to the receiver.
func (f *flow) end(err error) {
	f.untilUnstalled()
	swallowing := f.fault().kind == swallow
	switch {
	case f.deaf() || swallowing:
		f.deafen()
	case errors.Is(err, io.EOF):
		_ = f.to.CloseWrite() // the receiver may have closed before
	default:
		reset(f.to)
	}
}

func (f *flow) fault() injected {
	fault, _ := f.relay.proxy.fault(f.way)
	return fault
}

// untilUnstalled returns when the flow may read.
func (f *flow) untilUnstalled() {
	for {
		fault, changed := f.relay.proxy.fault(f.way)
		if fault.kind != stall || f.deaf() {
			return
		}
		select {
		case <-changed:
		case <-f.broken:
		}
	}
}

// pass passes a piece of the stream on, as far as the fault in force allows.
func (f *flow) pass(data []byte) {
	f.passing.Lock()
	defer f.passing.Unlock()
	for len(data) > 0 && !f.deaf() {
		fault, changed := f.relay.proxy.fault(f.way)
		if fault.kind != none && fault.kind != truncate {
			f.relay.proxy.struck.Add(1)
		}
		count := len(data)
		switch fault.kind {
		case swallow:
			f.deafen()
			return
		case stall:
			select {
			case <-changed:
			case <-f.broken:
			}
			continue
		case delay:
			f.wait(fault.wait)
		case throttle:
			count = min(count, max(fault.count/20, 1))
			f.wait(time.Duration(count) * time.Second / time.Duration(fault.count))
		case truncate:
			if fault.number != f.number {
				f.number, f.left = fault.number, fault.count
			}
			count = min(count, f.left)
			f.left -= count
		}
		if !f.write(data[:count]) {
			return
		}
		data = data[count:]
		if fault.kind == truncate && f.left == 0 {
			f.relay.cut(Both, fault.how)
		}
	}
}

func (f *flow) write(data []byte) bool {
	if f.deaf() {
		return false
	}
	if _, err := f.to.Write(data); err != nil {
		f.deafen()
		return false
	}
	if f.passed != nil {
		f.passed(data)
	}
	return true
}

// wait waits for d, or until the flow is broken.
func (f *flow) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.broken:
	}
}
