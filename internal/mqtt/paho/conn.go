package paho

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

const chunkSize = 64 << 10 // bytes read or written in one go

// conn is the net.Conn that paho speaks through. It buffers what is written and what is read, judges what is read, and keeps to
// itself what paho must not see; conn alone says whether and why the session has ended.
//
// paho writes each packet with one call of Write, and reads three times for each: without buffers a system call for each of
// those is most of what a message costs. The publisher announces how many packets paho is about to write; the last of them, on
// paho's goroutine, writes them all. What comes otherwise is written at once, or if post puts it, by the goroutine flush.
type conn struct {
	wire.Conn
	writeTimeout time.Duration
	quickAck     func()
	callbacks    callbacks

	// Of the goroutine that reads.
	in      *packet.Reader
	unread  []byte // of the packet that paho is reading
	present bool   // the broker has kept a session of ours
	odd     bool   // what nobody asked for has been told of

	accepted atomic.Bool // the CONNACK has come
	clock    liveness.Clock

	mu           sync.Mutex // guards what follows
	work         sync.Cond  // for flush: post has put something, the last packet may have been written, or the end
	room         sync.Cond  // for Write: there is room, or the end
	out          []byte     // what is to be written
	spare        []byte     // takes the place of out when that is written
	writing      bool       // somebody writes, and goes on until out is empty
	posted       bool       // post has put something that flush has not looked at
	announced    int        // PUBLISHes that paho is about to write
	sealed       bool       // a DISCONNECT is, or was, the last in out
	cause        error
	unanswered   *liveness.Unanswered
	end, written uint64        // bytes of the session that have been put into out, and written
	done         chan struct{} // closed when cause is set
	drained      chan struct{} // closed when the DISCONNECT has been written
	flushed      chan struct{} // closed when flush has returned

	// calls is held for reading around each of paho's calls that can block, and for writing before
	// paho hears of the end: after that, such a call waits for its time limit, and then fails.
	calls sync.RWMutex
}

// callbacks are the session's that the conn calls. They do not panic.
type callbacks struct {
	tooLarge func(topic string, size int)
	unasked  func(err error)
}

// newConn takes w over. The goroutine that it starts ends with fail or seal.
func newConn(w wire.Conn, o mqtt.Options, back callbacks) *conn {
	c := &conn{
		Conn:         w,
		writeTimeout: o.WriteTimeout,
		quickAck:     wire.QuickAck(w.Socket),
		callbacks:    back,
		in:           packet.NewReader(w, o.MaxPacket),
		unanswered:   liveness.NewUnanswered(),
		done:         make(chan struct{}),
		drained:      make(chan struct{}),
		flushed:      make(chan struct{}),
	}
	c.clock.Start()
	c.work.L, c.room.L = &c.mu, &c.mu
	go c.flush()
	return c
}

// fail ends the session with its cause, which must not be nil; the first one counts.
func (c *conn) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endBy(cause)
}

// endBy is fail with mu held.
func (c *conn) endBy(cause error) {
	if c.cause != nil {
		return
	}
	c.cause = cause
	close(c.done)
	c.work.Broadcast()
	c.room.Broadcast()
	_ = c.Conn.Close() // wakes the goroutines that read and write
}

// failure is the cause of the end, or nil as long as the session lives.
func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

func (c *conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// call runs f, one of paho's calls that can block, and reports whether it did; after the end it does not.
func (c *conn) call(f func()) bool {
	c.calls.RLock()
	defer c.calls.RUnlock()
	if c.ended() {
		return false
	}
	f()
	return true
}

// errEnded is all that paho gets to know. By the text of net.ErrClosed it would take the end for its own
// doing, and keep it to itself.
var errEnded = errors.New("session ended")

// Read serves paho's reading goroutine.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.unread) == 0 {
		if err := c.advance(); err != nil {
			c.fail(err)
			c.calls.Lock()
			defer c.calls.Unlock()
			return 0, errEnded
		}
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

// advance goes on to the next packet, or waits for more of it.
func (c *conn) advance() error {
	p, ok, err := c.in.Next()
	switch {
	case err != nil:
		return err
	case ok:
		if c.admit(p) {
			c.unread = p.Raw
		}
		c.clock.Whole.Set(c.clock.Heard.At())
		return nil
	}
	if err := c.in.Fill(); err != nil {
		return err
	}
	c.clock.Heard.Set(c.clock.Now())
	c.quickAck()
	return nil
}

// admit takes note of a packet, and reports whether paho is to see it. paho takes any acknowledgement for that of
// whatever has the identifier.
func (c *conn) admit(p packet.Packet) bool {
	asked := true
	switch p.Kind() {
	case packet.Publish:
		if p.Past > 0 {
			c.tooLarge(p)
		}
		return p.Past == 0
	case packet.Connack:
		if asked = !c.accepted.Load(); asked {
			c.accepted.Store(true)
			c.present = p.Body[0]&1 != 0
		}
	case packet.Pingresp:
		asked = c.answered(p, 0)
	case packet.Puback, packet.Pubrec, packet.Pubrel, packet.Pubcomp, packet.Suback, packet.Unsuback:
		asked = c.answered(p, p.ID())
	}
	if !asked && !c.odd && !p.Resent(c.present) {
		c.odd = true
		c.callbacks.unasked(p.Unasked())
	}
	return asked || p.Kind() == packet.Pubrel // which is answered whatever it releases (section 4.3.3)
}

func (c *conn) answered(p packet.Packet, id uint16) (asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _, asked = c.unanswered.Answer(p.Kind(), id)
	return asked
}

// tooLarge acknowledges a message that was read past: it must not come again.
func (c *conn) tooLarge(p packet.Packet) {
	if p.QoS() > 0 {
		c.acknowledge(p.QoS(), p.PublishID())
	}
	c.callbacks.tooLarge(string(p.Topic()), p.Past)
}

// announce tells that paho is about to write so many PUBLISHes.
func (c *conn) announce(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.announced += n
}

// Write takes a whole packet of paho's. It may wait for the broker, never longer than the deadline of a write lets it, and never
// fails: paho hears of the end through Read, and only there.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.writing && len(c.out) >= chunkSize && c.cause == nil {
		c.room.Wait()
	}
	c.put(p)
	if p[0]>>4 == packet.Publish && c.announced > 0 {
		c.announced--
	}
	if c.announced == 0 || len(c.out) >= chunkSize {
		c.writeOut()
	}
	return len(p), nil
}

// post puts a small packet, of those that the broker bounds the number of, for the goroutine flush. It does not wait.
func (c *conn) post(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(p)
	c.posted = true
	c.work.Signal()
}

// acknowledge puts the acknowledgement of a message that has arrived. (paho's way may block.)
func (c *conn) acknowledge(qos byte, id uint16) {
	kind := byte(packet.Puback)
	if qos == 2 {
		kind = packet.Pubrec
	}
	c.post([]byte{kind << 4, 2, byte(id >> 8), byte(id)})
}

// put drops p when nothing may be sent any more.
func (c *conn) put(p []byte) {
	if c.cause != nil || c.sealed {
		return
	}
	c.out = append(c.out, p...)
	c.end += uint64(len(p))
	if asked, ok := pendingFor(p); ok {
		asked.End = c.end
		c.unanswered.Add(asked)
	}
}

// seal makes a DISCONNECT the last packet, and waits until it is written and the broker has closed the connection for it, or ctx
// ends.
func (c *conn) seal(ctx context.Context) {
	c.mu.Lock()
	c.put([]byte{packet.Disconnect << 4, 0})
	c.sealed = true
	c.work.Signal()
	c.mu.Unlock()

	wire.AwaitEnd(ctx, c.drained, c.done)
}

// flush writes what was posted, until the end.
func (c *conn) flush() {
	defer close(c.flushed)
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.cause == nil {
		if !c.posted && !c.sealed {
			c.work.Wait()
			continue
		}
		c.mu.Unlock()
		runtime.Gosched() // Whoever is about to post or write may do so first, and goes along.
		c.mu.Lock()
		c.posted = false
		if c.announced == 0 || c.sealed {
			c.writeOut()
		}
		switch {
		case !c.sealed || c.cause != nil:
		case c.writing: // somebody else is, and says when he is done
			c.work.Wait()
		default:
			c.Conn.CloseWrite()
			close(c.drained)
			return
		}
	}
}

// writeOut writes what was put, unless somebody is writing, who then writes it as well. mu is held, though not while the bytes are
// written.
func (c *conn) writeOut() {
	for !c.writing && len(c.out) > 0 && c.cause == nil {
		batch := c.out
		c.out, c.spare, c.writing = c.spare[:0], nil, true
		c.room.Broadcast()
		c.mu.Unlock()
		err := c.send(batch)
		c.mu.Lock()
		c.writing = false
		if cap(batch) <= 4*chunkSize { // One large packet shall not cost memory for good.
			c.spare = batch
		}
		if err != nil {
			c.endBy(err)
		}
	}
	if c.sealed {
		c.work.Signal()
	}
}

// judge has the judge look at what the conn knows.
func (c *conn) judge(j *liveness.Judge) liveness.Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return j.Look(&c.clock, c.unanswered)
}

// send writes b in chunks, each with a deadline of its own, so that a slow broker has time and a
// frozen one has not.
func (c *conn) send(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), chunkSize)
		c.clock.Sent.Set(c.clock.Now())
		if err := c.Conn.Send(b[:n], c.writeTimeout); err != nil {
			return err
		}
		c.wrote(n)
		b = b[n:]
	}
	return nil
}

func (c *conn) wrote(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written += uint64(n)
	c.unanswered.Wrote(c.written, c.clock.Sent.At())
}

// Close is paho's, and paho closes only what has failed or what it cannot go on with.
func (c *conn) Close() error {
	c.fail(errGivenUp)
	return nil
}

// errGivenUp says that paho ended the session for a reason that it tells elsewhere.
var errGivenUp = errors.New("given up")

// paho's deadlines do not count: Dial's context bounds the connecting, send each write.

func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*conn)(nil)
