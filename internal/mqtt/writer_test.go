package mqtt

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestNothingIsSentBeforeFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvents(Direct)
		s, p := mustDial(t, e.options(t), nil)
		<-p.got // the CONNECT
		p.message("a", "", 1, 1)
		p.message("a", "", 1, 2)
		first, second := <-e.arrived, <-e.arrived
		synctest.Wait() // An Ack could still pass for one within Arrived.
		s.Publish(1, Message{Topic: "a", QoS: 0})
		s.Publish(2, Message{Topic: "a", QoS: 1})
		second.Ack()
		synctest.Wait()
		if len(p.got) > 0 || len(e.published) > 0 {
			t.Errorf("%d packets, %d outcomes before Flush", len(p.got), len(e.published))
		}
		s.Flush()
		synctest.Wait()
		if len(p.got) != 3 || len(e.published) != 2 {
			t.Errorf("%d packets, %d outcomes after Flush; want 3, 2", len(p.got), len(e.published))
		}
		first.Ack()
		s.Close(t.Context()) // sends what is left
		if ack := wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 2 {
			t.Errorf("acknowledged %v first, want 2", ack)
		}
		if ack := wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 1 {
			t.Errorf("acknowledged %v then, want 1", ack)
		}
	})
}

// Arrived may run before anybody has a session to call Flush of.
func TestAckWithinArrivedNeedsNoFlush(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		o := e.options(t)
		o.Arrived = func(m Message) { m.Ack() }
		s, p := mustDial(t, o, nil)
		<-p.got
		p.message("a", "", 1, 1)
		synctest.Wait()
		select {
		case packet := <-p.got:
			if ack, ok := packet.(*packets.PubackPacket); !ok || ack.MessageID != 1 {
				t.Errorf("got %v", packet)
			}
		default:
			t.Error("nothing was sent")
		}
		s.Close(t.Context())
	})
}

// dialSocket makes a session over TCP with a peer that is the test, after the CONNACK.
func dialSocket(t *testing.T, o Options) (*directSession, *net.TCPConn) {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	address := listen(t, func(c net.Conn) {
		_, _ = packets.ReadPacket(c)
		_, _ = c.Write(connack)
		accepted <- c
	})
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := connect(t.Context(), wire{c, c}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill(nil)
		<-gone(s)
	})
	return s.(*directSession), next(t, accepted, "connection").(*net.TCPConn)
}

// settle waits until nobody is writing: after Dial, writeRest may still be.
func settle(s *directSession) {
	for writing := true; writing; runtime.Gosched() {
		s.mu.Lock()
		writing = s.writing
		s.mu.Unlock()
	}
}

// On a socket with room nobody else is needed: at QoS 0 the outcome is known when Flush returns.
func TestFlushWritesItself(t *testing.T) {
	e := newEvents(Direct)
	s, peer := dialSocket(t, e.options(t))
	settle(s)
	for i := range uint64(3) {
		s.Publish(i, Message{Topic: "a"})
	}
	s.Flush()
	if len(e.published) != 3 {
		t.Errorf("%d of 3 outcomes when Flush returned", len(e.published))
	}
	want := bytes.Repeat([]byte{0x30, 3, 0, 1, 'a'}, 3)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the peer got % x, %v", got, err)
	}
}

// A peer that reads nothing fills the socket: Flush leaves the rest to writeRest, and what is put meanwhile as well. Once
// all is written Flush writes again by itself, however long ago writeRest's deadline was.
func TestFlushDoesNotWaitForTheSocket(t *testing.T) {
	e := newEvents(Direct)
	o := e.options(t)
	o.WriteTimeout = limit
	s, peer := dialSocket(t, o)
	const n, size = 300, 100_000
	for i := range uint64(n) {
		payload := make([]byte, size)
		binary.BigEndian.PutUint64(payload, i)
		s.Publish(i, Message{Topic: "a", Payload: string(payload)})
		s.Flush() // With nobody reading yet, a Flush that waits would wait for ever.
	}
	if len(e.published) == n {
		t.Fatal("the socket has taken everything: the test is of no use")
	}
	for i := range uint64(n) {
		packet, err := packets.ReadPacket(peer)
		m, ok := packet.(*packets.PublishPacket)
		if !ok || binary.BigEndian.Uint64(m.Payload) != i || len(m.Payload) != size {
			t.Fatalf("packet %d is %.50v, %v", i, packet, err)
		}
	}
	for i := range uint64(n) {
		if o := next(t, e.published, "outcome"); o.number != i || o.err != nil {
			t.Fatalf("outcome %d is that of %d: %v", i, o.number, o.err)
		}
	}
	settle(s)
	s.Publish(n, Message{Topic: "a"})
	s.Flush()
	if len(e.published) != 1 {
		t.Error("Flush left a write to writeRest although there is room")
	}
}

// The deadline of a write by writeRest must not fail the next one by Flush.
func TestDeadlineIsTakenBack(t *testing.T) {
	e := newEvents(Direct)
	o := e.options(t)
	o.WriteTimeout = time.Millisecond
	s, peer := dialSocket(t, o) // The CONNECT was written by writeRest.
	settle(s)
	passed := time.NewTimer(2 * o.WriteTimeout)
	<-passed.C
	if n := s.socket.offer([]byte{0xc0, 0}); n != 2 {
		t.Errorf("the socket took %d of 2 bytes", n)
	}
	if packet, err := packets.ReadPacket(peer); err != nil {
		t.Errorf("the peer got %v, %v", packet, err)
	}
}
