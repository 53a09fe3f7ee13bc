package faults

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy hands on connections to a server, and their faults. Its methods may be called from any goroutine.
type Proxy struct {
	address, target string

	struck  atomic.Int64
	running sync.WaitGroup

	mu      sync.Mutex
	door    net.Listener // nil while it refuses
	relays  map[*relay]bool
	faults  map[Direction]injected
	changed chan struct{} // closed when faults changes
	editors map[Direction]func() Editor
	acks    bool
	closed  bool
}

// injected is a fault in force, with the number of its injection.
type injected struct {
	Fault
	number int
}

// Listen takes connections at address for the server at target, which need not be there yet. Of an address whose port
// is 0 it chooses one, which somebody else may take while the proxy refuses connections.
func Listen(address, target string) (*Proxy, error) {
	door, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Proxy{
		address: door.Addr().String(), target: target,
		door:    door,
		relays:  make(map[*relay]bool),
		faults:  make(map[Direction]injected),
		changed: make(chan struct{}),
		editors: make(map[Direction]func() Editor),
	}
	p.running.Go(func() { p.accept(door) })
	return p, nil
}

// Address is where the proxy listens, host:port.
func (p *Proxy) Address() string { return p.address }

// Close ends everything, and returns when nothing of it is left.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.shut()
	for r := range p.relays {
		r.close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// Inject puts a fault in force in a direction, or both, instead of the one before: for the connections that there are,
// and those to come.
func (p *Proxy) Inject(d Direction, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, way := range []Direction{Up, Down} {
		if d&way != 0 {
			p.faults[way] = injected{f, p.faults[way].number + 1}
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// Heal takes back what Inject has done; a stream from which bytes are missing stays broken.
func (p *Proxy) Heal() { p.Inject(Both, Fault{}) }

// Cut ends the connections that there are. Only he who receives in the direction d is told, both with Both; the other
// one speaks to nobody from now on, and hears nothing.
func (p *Proxy) Cut(d Direction, how Ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.relays {
		r.cut(d, how)
	}
}

// Refuse has clients' connections refused, as by a machine on which nobody listens, or taken again. Those that there
// are go on.
func (p *Proxy) Refuse(on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("proxy: closed")
	}
	if on {
		p.shut()
		return nil
	}
	if p.door != nil {
		return nil
	}
	door, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("proxy: taking connections again: %w", err)
	}
	p.door = door
	p.running.Go(func() { p.accept(door) })
	return nil
}

// AutoAck has the proxy acknowledge MQTT's messages of QoS 1 to the server as soon as it has handed them on, and keep
// the client's own acknowledgements to itself: a client that acknowledges automatically, whatever it does with what it
// gets. It concerns connections to come.
func (p *Proxy) AutoAck(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acks = on
}

// Struck returns how often faults have really struck so far: connections cut, and pieces of a stream swallowed, held
// up, delayed or throttled.
func (p *Proxy) Struck() int { return int(p.struck.Load()) }

// Open returns how many connections there are, those that are deaf among them.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.relays)
}

// shut closes the door. The lock must be held.
func (p *Proxy) shut() {
	if p.door != nil {
		p.door.Close()
		p.door = nil
	}
}

func (p *Proxy) accept(door net.Listener) {
	for {
		client, err := door.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client.(*net.TCPConn)) })
	}
}

// serve carries one connection until both its ends have given it up.
func (p *Proxy) serve(client *net.TCPConn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(client)
		return
	}
	r := newRelay(p, client, server.(*net.TCPConn))
	if !p.enter(r) {
		r.close()
		return
	}
	r.run()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.relays, r)
}

func (p *Proxy) enter(r *relay) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	for way, newEditor := range p.editors {
		if newEditor != nil {
			r.flow(way).edit(newEditor())
		}
	}
	if p.acks {
		r.acknowledge()
	}
	p.relays[r] = true
	return true
}

// fault returns what is in force in a direction, and what is closed when that changes.
func (p *Proxy) fault(d Direction) (injected, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults[d], p.changed
}
