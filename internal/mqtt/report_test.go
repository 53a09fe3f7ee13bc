package mqtt

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Whoever publishes and flushes at the same time as others keeps his order, and outcomes come in that of publishing.
func TestManyPublishers(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		const publishers, each = 8, 2000
		received := make(chan error, 1)
		address := listen(t, func(c net.Conn) {
			var seen [publishers]uint64
			for total := 0; total < publishers*each; {
				packet, err := packets.ReadPacket(c)
				if err != nil {
					received <- err
					return
				}
				switch m := packet.(type) {
				case *packets.ConnectPacket:
					_, _ = c.Write(connack)
				case *packets.PublishPacket:
					who := m.TopicName[0] - 'a'
					if binary.BigEndian.Uint64(m.Payload) != seen[who] {
						received <- errors.New("out of order: " + m.String())
						return
					}
					seen[who]++
					total++
					if m.Qos == 1 {
						_, _ = c.Write([]byte{0x40, 2, byte(m.MessageID >> 8), byte(m.MessageID)})
					}
				}
			}
			received <- nil
		})
		e := newEvents(over)
		var told []uint64
		done := make(chan struct{})
		s := e.dial(t, "tcp://"+address, "id", func(o *Options) {
			o.Published = func(n uint64, _ error) { // One at a time: the race detector would tell.
				if told = append(told, n); len(told) == publishers*each {
					close(done)
				}
			}
		})
		var (
			all     sync.WaitGroup
			mu      sync.Mutex
			numbers uint64
			qos     []byte // by number
		)
		for who := range byte(publishers) {
			all.Go(func() {
				for i := range uint64(each) {
					mu.Lock()
					s.Publish(numbers, Message{
						Topic: string(rune('a' + who)), Payload: string(binary.BigEndian.AppendUint64(nil, i)), QoS: byte(i % 2),
					})
					numbers++
					qos = append(qos, byte(i%2))
					mu.Unlock()
					if i%5 == 4 {
						s.Flush()
					}
				}
			})
		}
		all.Wait()
		if err := next(t, received, "end of the messages"); err != nil {
			t.Fatal(err)
		}
		next(t, done, "last outcome")
		var latest [2]uint64
		for _, n := range told {
			if n < latest[qos[n]] {
				t.Fatalf("QoS %d: the outcome of %d comes after that of %d", qos[n], n, latest[qos[n]])
			}
			latest[qos[n]] = n
		}
	})
}

// A callback may publish and flush, even one that runs within Flush.
func TestPublishingFromACallback(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		address := listen(t, func(c net.Conn) {
			_, _ = packets.ReadPacket(c)
			_, _ = c.Write(connack)
			_, _ = io.Copy(io.Discard, c)
		})
		const n = 10_000
		done := make(chan struct{})
		var s Session
		s = newEvents(over).dial(t, "tcp://"+address, "id", func(o *Options) {
			o.Published = func(i uint64, _ error) {
				if i == n {
					close(done)
					return
				}
				s.Publish(i+1, Message{Topic: "a"})
				s.Flush()
			}
		})
		s.Publish(0, Message{Topic: "a"})
		s.Flush()
		next(t, done, "end of the chain")
	})
}

func TestPanicWithinFlush(t *testing.T) {
	e := newEvents(Direct)
	o := e.options(t)
	o.Published = func(uint64, error) { panic("oh") }
	s, _ := dialSocket(t, o)
	settle(s)
	s.Publish(1, Message{Topic: "a"})
	s.Publish(2, Message{Topic: "a"})
	s.Flush()
	var panicked *PanicError
	if err := next(t, e.lost, "loss"); !errors.As(err, &panicked) || panicked.Value != "oh" {
		t.Errorf("lost by %v", err)
	}
}

// Lost does not wait for a callback that is stuck in somebody's Flush, and nothing is called after it.
func TestStuckWithinFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvents(Direct)
		o := e.options(t)
		release, calls := make(chan struct{}), 0
		o.Published = func(uint64, error) {
			calls++
			<-release
		}
		s, p := mustDial(t, o, nil)
		s.Publish(1, Message{Topic: "a/+"}) // refused, which Flush can tell at once
		s.Publish(2, Message{Topic: "a/+"})
		go s.Flush()
		synctest.Wait()
		start := time.Now()
		p.Close()
		if err := <-e.lost; !errors.Is(err, io.EOF) || time.Since(start) != stuck {
			t.Errorf("lost by %v after %s, want io.EOF after %s", err, time.Since(start), stuck)
		}
		close(release)
		<-gone(s)
		if calls != 1 {
			t.Errorf("Published was called %d times, want 1", calls)
		}
	})
}
