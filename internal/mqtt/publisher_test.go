package mqtt

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestOutcomesComeInOrder(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, _ := mustDial(t, e.options(t), nil)
		const n = 500
		for i := range uint64(n) {
			m := Message{Topic: "a", Payload: "x", QoS: byte(i % 3)}
			if i%10 == 7 {
				m.Topic = "a/+"
			}
			s.Publish(i, m)
		}
		s.Flush()
		var latest [2]uint64
		for range n {
			o := <-e.published
			qos := min(o.number%3, 1)
			if o.number < latest[qos] || (o.err != nil) != (o.number%10 == 7) {
				t.Fatalf("outcome of %d, after that of %d: %v", o.number, latest[qos], o.err)
			}
			latest[qos] = o.number
		}
		s.Close(t.Context())
	})
}

// What the broker does not acknowledge holds up nothing at QoS 0.
func TestQoS0DoesNotWaitForQoS1(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, _ := mustDial(t, e.options(t), func(_ *peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			return ok && m.Qos == 1
		})
		s.Publish(1, Message{Topic: "a", QoS: 1})
		for i := range uint64(1000) {
			s.Publish(10+i, Message{Topic: "a"})
		}
		s.Flush()
		for i := range uint64(1000) {
			if o := <-e.published; o.number != 10+i || o.err != nil {
				t.Fatalf("outcome %d is that of %d: %v", i, o.number, o.err)
			}
		}
		s.Kill(nil)
		<-gone(s)
	})
}

func TestPublishedOnlyWhenAcknowledged(t *testing.T) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean session %t", clean), func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				o := e.options(t)
				o.CleanSession = clean
				s, p := mustDial(t, o, func(_ *peer, packet packets.ControlPacket) bool {
					m, ok := packet.(*packets.PublishPacket)
					return ok && m.TopicName == "unanswered"
				})
				s.Publish(1, Message{Topic: "a", QoS: 1})
				s.Publish(2, Message{Topic: "unanswered", QoS: 1})
				s.Publish(3, Message{Topic: "a", QoS: 1})
				s.Flush()
				if o := <-e.published; o.number != 1 || o.err != nil {
					t.Errorf("first outcome: %v", o)
				}
				synctest.Wait()
				p.Close()
				if err := <-e.lost; !errors.Is(err, io.EOF) {
					t.Errorf("lost by %v, want io.EOF", err)
				}
				<-gone(s)
				if len(e.published) > 0 {
					t.Errorf("an outcome without an acknowledgement: %v", <-e.published)
				}
			})
		})
	}
}

// paho's Publish waits out its time limit if the connection goes between its look at the state and its handing over.
func TestPublishingWhileTheConnectionGoes(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		for range 200 {
			synctest.Test(t, func(t *testing.T) {
				e := newEvents(over)
				s, p := mustDial(t, e.options(t), nil)
				go func() {
					for i := range uint64(1000) {
						s.Publish(i, Message{Topic: "a", QoS: 1})
						if i%10 == 9 {
							s.Flush()
						}
					}
				}()
				<-e.published
				start := time.Now()
				p.Close()
				<-e.lost
				<-gone(s)
				if d := time.Since(start); d > 0 {
					t.Errorf("it took %s to end", d)
				}
			})
		}
	})
}

func TestCallbacksThatPanic(t *testing.T) {
	tests := []struct {
		name string
		set  func(*Options)
		do   func(Session, *peer)
	}{
		{
			"Arrived",
			func(o *Options) { o.Arrived = func(Message) { panic("oh") } },
			func(_ Session, p *peer) { p.message("a", "", 0, 0) },
		},
		{
			"Published",
			func(o *Options) { o.Published = func(uint64, error) { panic("oh") } },
			func(s Session, _ *peer) {
				s.Publish(1, Message{Topic: "a"})
				s.Flush()
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				o := e.options(t)
				tt.set(&o)
				s, p := mustDial(t, o, nil)
				tt.do(s, p)
				var panicked *PanicError
				if err := <-e.lost; !errors.As(err, &panicked) {
					t.Errorf("lost by %v", err)
				} else if panicked.Value != "oh" || !strings.Contains(string(panicked.Stack), "TestCallbacksThatPanic") {
					t.Errorf("panicked with %v at\n%s", panicked.Value, panicked.Stack)
				}
				<-gone(s)
			})
		})
	}
}
