package broker

import (
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

// patience is how long a connection may take to sign in; mochi would wait for ever.
const patience = 10 * time.Second

// door lets clients in, and knows them all, so that it can put them out.
type door struct {
	listener net.Listener
	limits   Limits
	log      *slog.Logger
	complain func(message string, attrs ...any)

	readsWithin time.Duration // a piece of what is delivered; who does not has stopped reading

	closed  chan struct{}
	serving sync.WaitGroup // connections being served
	queued  atomic.Int64   // bytes that wait to be delivered, of all guests

	mu      sync.Mutex
	guests  map[*guest]struct{} // nil: shut
	waiting []*guest            // those of them who have not signed in; who waits longest is first
	inside  map[*guest]struct{} // those who have
}

var _ listeners.Listener = (*door)(nil)

func newDoor(ln net.Listener, limits Limits, log *slog.Logger, complain func(string, ...any)) *door {
	return &door{
		listener: ln, limits: limits, log: log, complain: complain,
		closed: make(chan struct{}), guests: make(map[*guest]struct{}), inside: make(map[*guest]struct{}),
	}
}

func (d *door) ID() string              { return "door" }
func (d *door) Address() string         { return d.listener.Addr().String() }
func (d *door) Protocol() string        { return "tcp" }
func (d *door) Init(*slog.Logger) error { return nil }

// Serve is called by mochi on a goroutine of its own. establish serves a connection to its end.
func (d *door) Serve(establish listeners.EstablishFn) {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			select {
			case <-d.closed:
				return
			case <-time.After(100 * time.Millisecond): // Too many files are open, most likely.
				continue
			}
		}
		g := newGuest(conn, d)
		if !d.receive(g) {
			conn.Close()
			return
		}
		go func() {
			defer d.dismiss(g)
			if err := g.greet(); err != nil {
				d.log.Debug("embedded broker refused a connection", "remote", g.RemoteAddr(), "err", err)
				close(g.delivered)
				return
			}
			go g.deliver()
			d.serve(g, establish)
		}()
	}
}

// serve survives what mochi's reading of a stranger's packet may come to.
func (d *door) serve(g *guest, establish listeners.EstablishFn) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("embedded broker: a client's packet made it panic", "remote", g.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	_ = establish(d.ID(), g) // mochi logs what matters.
}

// receive takes a connection in, and tells whether the door is open. Of too many who have not signed in, the one that
// has waited longest has to go: whoever means to sign in does so at once.
func (d *door) receive(g *guest) bool {
	d.mu.Lock()
	if d.guests == nil {
		d.mu.Unlock()
		return false
	}
	d.guests[g] = struct{}{}
	d.serving.Add(1)
	_ = g.Conn.SetDeadline(time.Now().Add(patience)) // mochi sets it anew from CONNECT on.
	d.waiting = append(d.waiting, g)
	var longest *guest
	if len(d.waiting) > d.limits.Silent {
		longest = d.waiting[0]
		d.waiting = slices.Delete(d.waiting, 0, 1)
	}
	d.mu.Unlock()
	if longest != nil {
		longest.mu.Lock()
		longest.cut()
		longest.mu.Unlock()
		d.complain("embedded broker cut off a connection that had not signed in, for too many have not",
			"remote", longest.RemoteAddr(), "limit", d.limits.Silent, "option", "embedded.max_silent")
	}
	return true
}

// enter notes that g, whose fields are set, has signed in, if admit has nothing against it when it sees who else is inside.
func (d *door) enter(g *guest, admit func(inside map[*guest]struct{}) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	place := slices.Index(d.waiting, g)
	if place < 0 {
		return net.ErrClosed
	}
	if err := admit(d.inside); err != nil {
		return err
	}
	d.waiting = slices.Delete(d.waiting, place, place+1)
	d.inside[g] = struct{}{}
	return nil
}

// dismiss gives a guest's place free once its last words are delivered.
func (d *door) dismiss(g *guest) {
	_ = g.Close()
	<-g.delivered
	g.Conn.Close()
	d.mu.Lock()
	delete(d.guests, g)
	delete(d.inside, g)
	g.left = time.Now()
	if place := slices.Index(d.waiting, g); place >= 0 {
		d.waiting = slices.Delete(d.waiting, place, place+1)
	}
	d.mu.Unlock()
	d.serving.Done()
}

// overflows tells whether a guest for whom so much is queued may not have more. When all of them together exceed the
// limit, those suffer who have more than their share of it, and nobody who reads.
func (d *door) overflows(queued, more int) bool {
	limit := d.limits.QueueSize
	return queued > limit/(2*(d.limits.Clients+1)) && d.queued.Load()+int64(more) > int64(limit)
}

// Close is called by mochi, after shut.
func (d *door) Close(listeners.CloseFn) {}

// shut closes the listener and has all connections end, and waits until none is served any more. What their clients
// have said by now still reaches the others. It is called once.
func (d *door) shut() {
	close(d.closed)
	d.listener.Close()
	d.mu.Lock()
	for g := range d.guests {
		g.leave()
	}
	d.guests = nil
	d.mu.Unlock()
	d.serving.Wait()
}
