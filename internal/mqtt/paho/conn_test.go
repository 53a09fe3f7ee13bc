package paho

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// slow is a net.Conn each of whose writes waits for a value in letGo. It records the writes.
type slow struct {
	net.Conn
	letGo  chan struct{}
	writes [][]byte
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.letGo
	s.writes = append(s.writes, bytes.Clone(p))
	return len(p), nil
}

func newSlow(t *testing.T) (*slow, *conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	s := &slow{Conn: ours, letGo: make(chan struct{})}
	o := contract.NewEvents(transport).Options(t)
	return s, newConn(wire.Conn{Conn: s, Socket: s}, o, callbacks{})
}

// PUBLISHes that were announced are written together, by the Write of the last one.
func TestAnnouncedWritesAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSlow(t)
		close(s.letGo)
		publish := []byte{0x30, 3, 0, 1, 'a'}
		c.announce(100)
		for range 99 {
			if n, err := c.Write(publish); n != len(publish) || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
		}
		c.post([]byte{0x40, 2, 0, 1}) // is part of the same write
		synctest.Wait()
		if len(s.writes) != 0 {
			t.Errorf("%d writes before the last", len(s.writes))
		}
		_, _ = c.Write(publish)
		want := append(append(bytes.Repeat(publish, 99), 0x40, 2, 0, 1), publish...)
		if len(s.writes) != 1 || !bytes.Equal(s.writes[0], want) {
			t.Errorf("%d writes: % x", len(s.writes), s.writes)
		}
		c.fail(errors.New("end"))
	})
}

// What is put while a goroutine writes is the next write of that goroutine.
func TestWritesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSlow(t)
		packet := []byte{0xc0, 0}
		c.post(packet)
		synctest.Wait() // The write has begun.
		for range 99 {
			if n, err := c.Write(packet); n != len(packet) || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
		}
		close(s.letGo)
		synctest.Wait()
		if len(s.writes) != 2 || len(s.writes[0]) != 2 || !bytes.Equal(s.writes[1], bytes.Repeat(packet, 99)) {
			t.Errorf("%d writes: % x", len(s.writes), s.writes)
		}
		c.fail(errors.New("end"))
	})
}

func TestReadsAreBuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(wire.Conn{Conn: ours, Socket: ours}, contract.NewEvents(transport).Options(t), callbacks{tooLarge: func(string, int) {}, unasked: func(error) {}})
		reads := 0
		c.quickAck = func() { reads++ }
		sent := append(bytes.Clone(contract.Connack), bytes.Repeat([]byte{0x30, 3, 0, 1, 'a'}, 100)...)
		go func() { _, _ = theirs.Write(sent) }()
		var got []byte
		for range sent {
			b := make([]byte, 1)
			if n, err := c.Read(b); n != 1 || err != nil {
				t.Fatalf("Read: %d, %v", n, err)
			}
			got = append(got, b...)
		}
		if reads != 1 || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes in %d reads: % x", len(got), reads, got)
		}
		c.fail(errors.New("end"))
	})
}

func TestWriteWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSlow(t)
		c.post([]byte{0xc0, 0})
		synctest.Wait() // flush has begun a write, which waits for letGo.
		wrote := 0
		go func() {
			for range 2 {
				_, _ = c.Write(make([]byte, 2*chunkSize))
				wrote++
			}
		}()
		synctest.Wait()
		if wrote != 1 {
			t.Errorf("%d packets were taken", wrote)
		}
		c.post([]byte{0xc0, 0}) // post does not wait
		s.letGo <- struct{}{}
		synctest.Wait()
		if wrote != 2 {
			t.Errorf("there is room, and yet %d packets were taken", wrote)
		}
		s.letGo <- struct{}{}
		synctest.Wait()
		if len(s.writes) != 2 || len(s.writes[1]) != chunkSize {
			t.Errorf("%d writes, want the second of %d bytes", len(s.writes), chunkSize)
		}
		c.fail(errors.New("end"))
		close(s.letGo)
	})
}

func TestFailWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSlow(t)
		var err error
		go func() { _, err = c.Read(make([]byte, 1)) }()
		for range 3 {
			go func() {
				if n, err := c.Write(make([]byte, chunkSize)); n != chunkSize || err != nil {
					t.Errorf("Write: %d, %v; it must not fail", n, err)
				}
			}()
		}
		synctest.Wait()
		cause := errors.New("cause")
		c.fail(cause)
		c.fail(errors.New("another"))
		close(s.letGo)
		synctest.Wait()
		if c.failure() != cause {
			t.Errorf("the cause is %v", c.failure())
		}
		// If the error had this text, paho would take the end for its own doing, and report nothing.
		if err == nil || strings.Contains(err.Error(), "use of closed network connection") {
			t.Errorf("Read: %v", err)
		}
	})
}

func TestNothingFollowsADisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSlow(t)
		c.post([]byte{0x40, 2, 0, 1})
		synctest.Wait()
		sealed := make(chan struct{})
		go func() {
			c.seal(t.Context())
			close(sealed)
		}()
		synctest.Wait() // The goroutine waits for the packet before it.
		c.post([]byte{0x40, 2, 0, 2})
		_, _ = c.Write([]byte{0xc0, 0})
		close(s.letGo)
		<-sealed
		c.post([]byte{0x40, 2, 0, 3})
		synctest.Wait()
		if got := bytes.Join(s.writes, nil); !bytes.Equal(got, []byte{0x40, 2, 0, 1, 0xe0, 0}) {
			t.Errorf("written: % x", got)
		}
		c.fail(errors.New("end"))
	})
}
