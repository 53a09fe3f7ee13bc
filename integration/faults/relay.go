package faults

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// atOnce is how many bytes are read at a time.
	atOnce = 4 << 10
	// window is how many bytes the system keeps for us, about: few, so that a sender notices soon when nothing is read,
	// but not so few that it would wait before each.
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
		_ = conn.SetReadBuffer(window) // only makes a stall felt sooner
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

// run returns when both ends have closed, or the relay.
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

// cut ends the connection for those who receive in the direction d.
func (r *relay) cut(d Direction, how Ending) {
	r.proxy.struck.Add(1)
	r.up.deafen() // both first: neither is to hand on how the other's end takes it
	r.down.deafen()
	for _, f := range []*flow{r.up, r.down} {
		switch {
		case d&f.way == 0:
		case how == RST:
			reset(f.to)
		default:
			_ = f.to.CloseWrite() // the peer may have gone before
		}
	}
}

// reset closes so that the peer is told by RST.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// flow is one direction of a relay.
type flow struct {
	relay    *relay
	way      Direction
	from, to *net.TCPConn

	broken chan struct{} // closed when it is deaf: all it reads goes nowhere
	once   sync.Once

	// Guarded by passing, which is held over a piece of the stream.
	passing sync.Mutex
	number  int // of the injection that left belongs to
	left    int // bytes until it truncates

	inspect func([]byte) []byte // what of a piece to hand on; nil: all
	passed  func([]byte)        // told what has been handed on; may be nil
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

// run returns when there is nothing more to read.
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

// end tells the receiver how the sender has ended.
func (f *flow) end(err error) {
	f.untilUnstalled()
	swallowing := f.fault().kind == swallow
	switch {
	case f.deaf() || swallowing:
		f.deafen()
	case errors.Is(err, io.EOF):
		_ = f.to.CloseWrite() // the receiver may have gone before
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

// pass hands on a piece of the stream, as the faults in force let it.
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

// wait returns earlier if the flow breaks.
func (f *flow) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.broken:
	}
}
