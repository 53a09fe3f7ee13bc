package contract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func testOutcomesComeInOrder(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, _ := tr.MustDial(t, e.Options(t), nil)
		const n = 500
		for i := range uint64(n) {
			m := mqtt.Message{Topic: "a", Payload: "x", QoS: byte(i % 3)}
			if i%10 == 7 {
				m.Topic = "a/+"
			}
			s.Publish(i, m)
		}
		s.Flush()
		var latest [2]uint64
		for range n {
			o := <-e.Published
			qos := min(o.Number%3, 1)
			if o.Number < latest[qos] || (o.Err != nil) != (o.Number%10 == 7) {
				t.Fatalf("outcome of %d, after that of %d: %v", o.Number, latest[qos], o.Err)
			}
			latest[qos] = o.Number
		}
		s.Close(t.Context())
	})
}

// Outcomes at QoS 0 do not wait for acknowledgements of the broker.
func testQoS0DoesNotWaitForQoS1(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, _ := tr.MustDial(t, e.Options(t), func(_ *Peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			return ok && m.Qos == 1
		})
		s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
		for i := range uint64(1000) {
			s.Publish(10+i, mqtt.Message{Topic: "a"})
		}
		s.Flush()
		for i := range uint64(1000) {
			if o := <-e.Published; o.Number != 10+i || o.Err != nil {
				t.Fatalf("outcome %d is that of %d: %v", i, o.Number, o.Err)
			}
		}
		s.Kill(nil)
		<-tr.Gone(s)
	})
}

func testPublishedOnlyWhenAcknowledged(t *testing.T, tr Transport) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean session %t", clean), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				o := e.Options(t)
				o.CleanSession = clean
				s, p := tr.MustDial(t, o, func(_ *Peer, packet packets.ControlPacket) bool {
					m, ok := packet.(*packets.PublishPacket)
					return ok && m.TopicName == "unanswered"
				})
				s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
				s.Publish(2, mqtt.Message{Topic: "unanswered", QoS: 1})
				s.Publish(3, mqtt.Message{Topic: "a", QoS: 1})
				s.Flush()
				if o := <-e.Published; o.Number != 1 || o.Err != nil {
					t.Errorf("first outcome: %v", o)
				}
				synctest.Wait()
				p.Close()
				if err := <-e.Lost; !errors.Is(err, io.EOF) {
					t.Errorf("lost by %v, want io.EOF", err)
				}
				<-tr.Gone(s)
				if len(e.Published) > 0 {
					t.Errorf("an outcome without an acknowledgement: %v", <-e.Published)
				}
			})
		})
	}
}

// paho's Publish waits for its whole time limit if the connection ends between its check of the state and its handing
// over.
func testPublishingWhileTheConnectionGoes(t *testing.T, tr Transport) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			s, p := tr.MustDial(t, e.Options(t), nil)
			go func() {
				for i := range uint64(1000) {
					s.Publish(i, mqtt.Message{Topic: "a", QoS: 1})
					if i%10 == 9 {
						s.Flush()
					}
				}
			}()
			<-e.Published
			start := time.Now()
			p.Close()
			<-e.Lost
			<-tr.Gone(s)
			if d := time.Since(start); d > 0 {
				t.Errorf("it took %s to end", d)
			}
		})
	}
}

func testCallbacksThatPanic(t *testing.T, tr Transport) {
	tests := []struct {
		name string
		set  func(*mqtt.Options)
		do   func(mqtt.Session, *Peer)
	}{
		{
			"Arrived",
			func(o *mqtt.Options) { o.Arrived = func(mqtt.Message) { panic("oh") } },
			func(_ mqtt.Session, p *Peer) { p.Message("a", "", 0, 0) },
		},
		{
			"Published",
			func(o *mqtt.Options) { o.Published = func(uint64, error) { panic("oh") } },
			func(s mqtt.Session, _ *Peer) {
				s.Publish(1, mqtt.Message{Topic: "a"})
				s.Flush()
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				o := e.Options(t)
				tt.set(&o)
				s, p := tr.MustDial(t, o, nil)
				tt.do(s, p)
				var panicked *mqtt.PanicError
				if err := <-e.Lost; !errors.As(err, &panicked) {
					t.Errorf("lost by %v", err)
				} else if panicked.Value != "oh" || !strings.Contains(string(panicked.Stack), "testCallbacksThatPanic") {
					t.Errorf("panicked with %v at\n%s", panicked.Value, panicked.Stack)
				}
				<-tr.Gone(s)
			})
		})
	}
}

// Each of several goroutines that publish and flush at the same time keeps its order, and outcomes come in the order of
// publishing.
func testManyPublishers(t *testing.T, tr Transport) {
	const publishers, each = 8, 2000
	received := make(chan error, 1)
	address := Listen(t, func(c net.Conn) {
		var seen [publishers]uint64
		for total := 0; total < publishers*each; {
			packet, err := packets.ReadPacket(c)
			if err != nil {
				received <- err
				return
			}
			switch m := packet.(type) {
			case *packets.ConnectPacket:
				_, _ = c.Write(Connack)
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
	e := NewEvents(tr)
	var told []uint64
	done := make(chan struct{})
	s := e.dial(t, "tcp://"+address, "id", func(o *mqtt.Options) {
		o.Published = func(n uint64, _ error) { // called one at a time: the race detector would report otherwise
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
				s.Publish(numbers, mqtt.Message{
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
	if err := Next(t, received, "end of the messages"); err != nil {
		t.Fatal(err)
	}
	Next(t, done, "last outcome")
	var latest [2]uint64
	for _, n := range told {
		if n < latest[qos[n]] {
			t.Fatalf("QoS %d: the outcome of %d comes after that of %d", qos[n], n, latest[qos[n]])
		}
		latest[qos[n]] = n
	}
}

// A callback may publish and flush, even one that is called within Flush.
func testPublishingFromACallback(t *testing.T, tr Transport) {
	address := Listen(t, func(c net.Conn) {
		_, _ = packets.ReadPacket(c)
		_, _ = c.Write(Connack)
		_, _ = io.Copy(io.Discard, c)
	})
	const n = 10_000
	done := make(chan struct{})
	var s mqtt.Session
	s = NewEvents(tr).dial(t, "tcp://"+address, "id", func(o *mqtt.Options) {
		o.Published = func(i uint64, _ error) {
			if i == n {
				close(done)
				return
			}
			s.Publish(i+1, mqtt.Message{Topic: "a"})
			s.Flush()
		}
	})
	s.Publish(0, mqtt.Message{Topic: "a"})
	s.Flush()
	Next(t, done, "end of the chain")
}

// Arrived may be called before the caller of Dial has a session whose Flush it could call.
func testAckWithinArrivedNeedsNoFlush(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		o := e.Options(t)
		o.Arrived = func(m mqtt.Message) { m.Ack() }
		s, p := tr.MustDial(t, o, nil)
		<-p.Got
		p.Message("a", "", 1, 1)
		synctest.Wait()
		select {
		case packet := <-p.Got:
			if ack, ok := packet.(*packets.PubackPacket); !ok || ack.MessageID != 1 {
				t.Errorf("got %v", packet)
			}
		default:
			t.Error("nothing was sent")
		}
		s.Close(t.Context())
	})
}

func testAcknowledgedOutOfOrder(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		const n = 100
		var held []uint16
		s, _ := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			if !ok || m.Qos == 0 {
				return ok
			}
			if held = append(held, m.MessageID); len(held) == n/2 {
				for i := range held {
					id := held[len(held)-1-i]
					p.Send(0x40, 2, byte(id>>8), byte(id))
				}
			}
			return true
		})
		for i := range uint64(n) {
			s.Publish(i, mqtt.Message{Topic: "a", QoS: byte(i % 2)})
		}
		s.Flush()
		next := [2]uint64{0, 1} // by QoS
		for range n {
			o := <-e.Published
			if qos := o.Number % 2; o.Number != next[qos] || o.Err != nil {
				t.Fatalf("QoS %d: outcome of %d, want that of %d: %v", qos, o.Number, next[qos], o.Err)
			}
			next[o.Number%2] += 2
		}
		s.Close(t.Context())
	})
}
