package direct

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

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

func TestNothingIsSentBeforeFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := contract.NewEvents(transport)
		s, p := transport.MustDial(t, e.Options(t), nil)
		<-p.Got // the CONNECT
		p.Message("a", "", 1, 1)
		p.Message("a", "", 1, 2)
		first, second := <-e.Arrived, <-e.Arrived
		synctest.Wait() // Arrived has returned: an Ack is no longer one within Arrived.
		s.Publish(1, mqtt.Message{Topic: "a", QoS: 0})
		s.Publish(2, mqtt.Message{Topic: "a", QoS: 1})
		second.Ack()
		synctest.Wait()
		if len(p.Got) > 0 || len(e.Published) > 0 {
			t.Errorf("%d packets, %d outcomes before Flush", len(p.Got), len(e.Published))
		}
		s.Flush()
		synctest.Wait()
		if len(p.Got) != 3 || len(e.Published) != 2 {
			t.Errorf("%d packets, %d outcomes after Flush; want 3, 2", len(p.Got), len(e.Published))
		}
		first.Ack()
		s.Close(t.Context()) // writes what is left
		if ack := contract.Wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 2 {
			t.Errorf("acknowledged %v first, want 2", ack)
		}
		if ack := contract.Wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 1 {
			t.Errorf("acknowledged %v then, want 1", ack)
		}
	})
}

// dialSocket connects a session by TCP to a peer that the test plays, and returns both after the CONNACK.
func dialSocket(t *testing.T, o mqtt.Options) (*session, *net.TCPConn) {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	address := contract.Listen(t, func(c net.Conn) {
		_, _ = packets.ReadPacket(c)
		_, _ = c.Write(contract.Connack)
		accepted <- c
	})
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := connect(t.Context(), wire.Conn{Conn: c, Socket: c}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill(nil)
		<-transport.Gone(s)
	})
	return s.(*session), contract.Next(t, accepted, "connection").(*net.TCPConn)
}

// awaitWriter waits until no goroutine writes: after Dial, writeRest may still do so.
func awaitWriter(s *session) {
	for writing := true; writing; runtime.Gosched() {
		s.mu.Lock()
		writing = s.writing
		s.mu.Unlock()
	}
}

// If the socket has room, Flush needs no other goroutine: at QoS 0 the outcome is reported when Flush returns.
func TestFlushWritesItself(t *testing.T) {
	e := contract.NewEvents(transport)
	s, peer := dialSocket(t, e.Options(t))
	awaitWriter(s)
	for i := range uint64(3) {
		s.Publish(i, mqtt.Message{Topic: "a"})
	}
	s.Flush()
	if len(e.Published) != 3 {
		t.Errorf("%d of 3 outcomes when Flush returned", len(e.Published))
	}
	want := bytes.Repeat([]byte{0x30, 3, 0, 1, 'a'}, 3)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the peer got % x, %v", got, err)
	}
}

// A peer that does not read fills the socket: Flush leaves the rest to writeRest, with everything that is put
// meanwhile. When all is written, Flush itself writes again, however long ago writeRest's deadline was.
func TestFlushDoesNotWaitForTheSocket(t *testing.T) {
	e := contract.NewEvents(transport)
	o := e.Options(t)
	o.WriteTimeout = contract.Limit
	s, peer := dialSocket(t, o)
	const n, size = 300, 100_000
	for i := range uint64(n) {
		payload := make([]byte, size)
		binary.BigEndian.PutUint64(payload, i)
		s.Publish(i, mqtt.Message{Topic: "a", Payload: string(payload)})
		s.Flush() // The peer does not read yet: a Flush that waits would never return.
	}
	if len(e.Published) == n {
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
		if o := contract.Next(t, e.Published, "outcome"); o.Number != i || o.Err != nil {
			t.Fatalf("outcome %d is that of %d: %v", i, o.Number, o.Err)
		}
	}
	awaitWriter(s)
	s.Publish(n, mqtt.Message{Topic: "a"})
	s.Flush()
	if len(e.Published) != 1 {
		t.Error("Flush left a write to writeRest although there is room")
	}
}

// The deadline of a write by writeRest must not end the next write by Flush.
func TestDeadlineIsTakenBack(t *testing.T) {
	e := contract.NewEvents(transport)
	o := e.Options(t)
	o.WriteTimeout = time.Millisecond
	s, peer := dialSocket(t, o) // writeRest has written the CONNECT.
	awaitWriter(s)
	passed := time.NewTimer(2 * o.WriteTimeout)
	<-passed.C
	if n := s.socket.offer([]byte{0xc0, 0}); n != 2 {
		t.Errorf("the socket took %d of 2 bytes", n)
	}
	if packet, err := packets.ReadPacket(peer); err != nil {
		t.Errorf("the peer got %v, %v", packet, err)
	}
}
