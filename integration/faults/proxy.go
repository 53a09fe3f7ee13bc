package faults

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes connections on to a server, with faults. Any goroutine may call its methods.
type Proxy struct {
	address, target string

	struck  atomic.Int64
	running sync.WaitGroup

	mu      sync.Mutex
	door    net.Listener // nil while the proxy refuses connections
	relays  map[*relay]bool
	opened  []time.Time // when each connection began, before a byte of it has passed
	faults  map[Direction]injected
	changed chan struct{} // closed when faults changes
	editors map[Direction]func() Editor
	acks    bool
	closed  bool
}

// injected is the fault in force, and the number of its Inject.
type injected struct {
	Fault
	number int
}

// Listen accepts connections at address for the server at target, which may start later. If the port of address is 0,
// Listen chooses one, which another process may take while the proxy refuses connections.
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

// Address returns the proxy's address, host:port.
func (p *Proxy) Address() string { return p.address }

// Close ends all connections and the listener, and returns when all goroutines have ended.
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

// Inject puts a fault in force in a direction, or in both, in place of the fault before. It applies to open and new
// connections.
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

// Heal ends the faults of Inject. A stream that has lost bytes stays broken.
func (p *Proxy) Heal() { p.Inject(Both, Fault{}) }

// Cut ends the open connections. Only the end that receives in the direction d learns of it, both with Both; what the
// other end writes is lost from then on, and it receives nothing.
func (p *Proxy) Cut(d Direction, how Ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.relays {
		r.cut(d, how)
	}
}

// Refuse makes the proxy refuse new connections, as a machine on which nobody listens does, or accept them again. Open
// connections are not affected.
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

// AutoAck makes the proxy acknowledge messages of QoS 1 to the server as soon as they are passed on, and drop the
// client's acknowledgements: the client then is one that acknowledges automatically, whatever it does with a message.
// AutoAck applies to new connections.
func (p *Proxy) AutoAck(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acks = on
}

// Struck returns how often faults have had an effect so far: connections cut, and pieces of a stream swallowed, held
// up, delayed or throttled.
func (p *Proxy) Struck() int { return int(p.struck.Load()) }

// Open returns the number of open connections, deaf ones included.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.relays)
}

// Opened returns when each connection to the server has begun, before a byte of it has passed.
func (p *Proxy) Opened() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.opened)
}

// shut closes the listener. The caller holds the lock.
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

// serve carries one connection until both ends have closed it.
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
	p.opened = append(p.opened, time.Now())
	return true
}

// fault returns the fault in force in a direction, and a channel that is closed when the fault changes.
func (p *Proxy) fault(d Direction) (injected, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults[d], p.changed
}
