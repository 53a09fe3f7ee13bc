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

const chunkSize = 64 << 10 // bytes that are read or written at a time

// conn is the net.Conn that paho reads and writes. It buffers what is read and written, checks what is read, and holds
// back packets that paho must not see. Only conn decides whether and why the session has ended.
//
// paho writes each packet by one Write, and reads each by three Reads. Without buffers, a system call for each of these
// would be most of the cost of a message. The publisher announces how many PUBLISHes paho is about to write; the Write
// of the last one, on paho's goroutine, flushes them all. Other packets are flushed at once, or, if post has put them,
// by the goroutine of writePosted.
type conn struct {
	wire.Conn
	writeTimeout time.Duration
	quickAck     func()
	callbacks    callbacks

	// The fields below belong to the goroutine that reads.
	in          *packet.Reader
	unread      []byte // the rest of the packet that paho is reading
	present     bool   // the broker has kept a session of ours
	toldUnasked bool   // Unasked has been called once

	accepted atomic.Bool // the CONNACK has arrived
	clock    liveness.Clock

	mu           sync.Mutex // guards the fields below
	work         sync.Cond  // writePosted waits on it: for post, for the last announced packet, or for the end
	room         sync.Cond  // Write waits on it: for room in out, or for the end
	out          []byte     // bytes to be written
	spare        []byte     // becomes out while out is being written
	writing      bool       // a goroutine is in flush, and stays there until out is empty
	posted       bool       // post has put a packet that writePosted has not seen
	announced    int        // PUBLISHes that paho is about to write
	sealed       bool       // a DISCONNECT was put, and nothing may follow it
	cause        error
	unanswered   *liveness.Unanswered
	end, written uint64        // number of the session's bytes that were put into out, and of those written
	done         chan struct{} // closed when cause is set
	drained      chan struct{} // closed when the DISCONNECT has been written
	writerEnded  chan struct{} // closed when writePosted has returned

	// calls is held for reading during each of paho's calls that may block, and for writing before paho learns of the
	// end: a call that is made after that would wait for its whole time limit, and then fail.
	calls sync.RWMutex
}

// callbacks are the callbacks of the session that conn calls. They do not panic.
type callbacks struct {
	tooLarge func(topic string, size int)
	unasked  func(err error)
}

// newConn makes a conn that owns w. The goroutine of writePosted, which newConn starts, ends after fail or seal.
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
		writerEnded:  make(chan struct{}),
	}
	c.clock.Start()
	c.work.L, c.room.L = &c.mu, &c.mu
	go c.writePosted()
	return c
}

// fail ends the session with a cause, which must not be nil. The first cause counts.
func (c *conn) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endBy(cause)
}

// endBy is fail for a caller that holds mu.
func (c *conn) endBy(cause error) {
	if c.cause != nil {
		return
	}
	c.cause = cause
	close(c.done)
	c.work.Broadcast()
	c.room.Broadcast()
	_ = c.Conn.Close() // ends the Read and the Send that are under way
}

// failure returns the cause of the end, or nil as long as the session lives.
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

// call calls f, which makes a call of paho's that may block, and returns true. After the end, call returns false and
// does not call f.
func (c *conn) call(f func()) bool {
	c.calls.RLock()
	defer c.calls.RUnlock()
	if c.ended() {
		return false
	}
	f()
	return true
}

// errEnded is the only error that paho gets. Given an error with the text of net.ErrClosed, paho would take the end for
// its own doing and not report it.
var errEnded = errors.New("session ended")

// Read is called by paho's reading goroutine.
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

// advance goes on to the next packet, or reads more bytes of it.
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

// admit takes note of a packet from the broker, and reports whether paho may see it. paho would take any
// acknowledgement for an answer to whatever packet has the same identifier.
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
	if !asked && !c.toldUnasked && !p.Resent(c.present) {
		c.toldUnasked = true
		c.callbacks.unasked(p.Unasked())
	}
	return asked || p.Kind() == packet.Pubrel // every PUBREL must be answered (section 4.3.3)
}

func (c *conn) answered(p packet.Packet, id uint16) (asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _, asked = c.unanswered.Answer(p.Kind(), id)
	return asked
}

// tooLarge acknowledges a message that was skipped, so that the broker does not send it again.
func (c *conn) tooLarge(p packet.Packet) {
	if p.QoS() > 0 {
		c.acknowledge(p.QoS(), p.PublishID())
	}
	c.callbacks.tooLarge(string(p.Topic()), p.Past)
}

// announce says that paho is about to write n PUBLISHes.
func (c *conn) announce(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.announced += n
}

// Write takes a whole packet from paho. Write may wait for the broker, but no longer than the time limit of a write.
// Write never returns an error: paho learns of the end by Read only.
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
		c.flush()
	}
	return len(p), nil
}

// post puts a small packet, which the goroutine of writePosted writes. post does not wait. The broker bounds the number
// of such packets: each answers one of its own.
func (c *conn) post(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(p)
	c.posted = true
	c.work.Signal()
}

// acknowledge puts the acknowledgement of a message that has arrived. (paho's own function for that may block.)
func (c *conn) acknowledge(qos byte, id uint16) {
	kind := byte(packet.Puback)
	if qos == 2 {
		kind = packet.Pubrec
	}
	c.post([]byte{kind << 4, 2, byte(id >> 8), byte(id)})
}

// put appends p to out. It drops p if nothing may be sent any more. The caller holds mu.
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

// seal makes a DISCONNECT the last packet, and waits until it is written and the broker has closed the connection, or
// until ctx is done.
func (c *conn) seal(ctx context.Context) {
	c.mu.Lock()
	c.put([]byte{packet.Disconnect << 4, 0})
	c.sealed = true
	c.work.Signal()
	c.mu.Unlock()

	wire.AwaitEnd(ctx, c.drained, c.done)
}

// writePosted writes what post has put, until the session ends or the DISCONNECT is written.
func (c *conn) writePosted() {
	defer close(c.writerEnded)
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.cause == nil {
		if !c.posted && !c.sealed {
			c.work.Wait()
			continue
		}
		c.mu.Unlock()
		runtime.Gosched() // A goroutine that is about to post or write does so first, and its packets share the write.
		c.mu.Lock()
		c.posted = false
		if c.announced == 0 || c.sealed {
			c.flush()
		}
		switch {
		case !c.sealed || c.cause != nil:
		case c.writing: // the goroutine in flush signals work when it has finished
			c.work.Wait()
		default:
			c.Conn.CloseWrite()
			close(c.drained)
			return
		}
	}
}

// flush writes out, until out is empty. If another goroutine is in flush, flush returns: that goroutine writes the new
// bytes as well. The caller holds mu, which flush releases while bytes are written.
func (c *conn) flush() {
	for !c.writing && len(c.out) > 0 && c.cause == nil {
		batch := c.out
		c.out, c.spare, c.writing = c.spare[:0], nil, true
		c.room.Broadcast()
		c.mu.Unlock()
		err := c.send(batch)
		c.mu.Lock()
		c.writing = false
		if cap(batch) <= 4*chunkSize { // One large packet must not cost memory for good.
			c.spare = batch
		}
		if err != nil && !c.leftToReader(err) {
			c.endBy(err)
		}
	}
	if c.sealed {
		c.work.Signal()
	}
}

// leftToReader reports whether the goroutine that reads is to end the session, and not the failed write. A broker that
// hangs up over the CONNECT may have said why before, and what it said can still be read.
func (c *conn) leftToReader(err error) bool { return !c.accepted.Load() && mqtt.HungUp(err) }

// judge calls j with what the conn knows of the broker.
func (c *conn) judge(j *liveness.Judge) liveness.Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return j.Look(&c.clock, c.unanswered)
}

// send writes b in chunks, each with a deadline of its own: a slow broker has enough time, and a frozen one is noticed
// soon.
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

// Close is called by paho when something has failed, or when paho cannot go on.
func (c *conn) Close() error {
	c.fail(errGivenUp)
	return nil
}

// errGivenUp means that paho has ended the session, for a reason that it reports elsewhere.
var errGivenUp = errors.New("given up")

// paho's deadlines have no effect: the context of Dial bounds the connecting, and send has a deadline for each write.

func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*conn)(nil)
