package mqtt

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// An acknowledgement of nothing is told of once a session, and changes nothing: the message in flight, which has the
// identifier 1, is acknowledged by its PUBACK alone, and the SUBSCRIBE, which has 2, by its SUBACK.
func TestAnswersToNothing(t *testing.T) {
	tests := []struct {
		name string
		send []byte
		said string
	}{
		{"PUBACK for nothing", []byte{0x40, 2, 0, 7}, "PUBACK with the identifier 7"},
		{"PUBACK for a SUBSCRIBE", []byte{0x40, 2, 0, 2}, "PUBACK with the identifier 2"},
		{"PUBREC for nothing", []byte{0x50, 2, 0, 7}, "PUBREC with the identifier 7"},
		{"PUBREC for a message at QoS 1", []byte{0x50, 2, 0, 1}, "PUBREC with the identifier 1"},
		{"PUBREL for nothing", []byte{0x62, 2, 0, 7}, "PUBREL with the identifier 7"},
		{"PUBREL for a message of ours", []byte{0x62, 2, 0, 1}, "PUBREL with the identifier 1"},
		{"PUBCOMP for nothing", []byte{0x70, 2, 0, 7}, "PUBCOMP with the identifier 7"},
		{"PUBCOMP for a message at QoS 1", []byte{0x70, 2, 0, 1}, "PUBCOMP with the identifier 1"},
		{"SUBACK for nothing", []byte{0x90, 3, 0, 7, 0}, "SUBACK with the identifier 7"},
		{"SUBACK for a message", []byte{0x90, 3, 0, 1, 0}, "SUBACK with the identifier 1"},
		{"UNSUBACK for nothing", []byte{0xb0, 2, 0, 7}, "UNSUBACK with the identifier 7"},
		{"UNSUBACK for a SUBSCRIBE", []byte{0xb0, 2, 0, 2}, "UNSUBACK with the identifier 2"},
		{"the identifier 0", []byte{0x40, 2, 0, 0}, "PUBACK with the identifier 0"},
		{"PINGRESP without a ping", []byte{0xd0, 0}, "PINGRESP without a ping"},
		{"a second CONNACK", []byte{0x20, 2, 0, 0}, "a second CONNACK"},
		{"a second CONNACK that refuses", []byte{0x20, 2, 0, 5}, "a second CONNACK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
					switch packet.(type) {
					case *packets.PublishPacket, *packets.SubscribePacket:
						return true
					}
					return false
				})
				s.Publish(1, Message{Topic: "a", QoS: 1})
				s.Flush()
				synctest.Wait()
				granted := make(chan []Grant, 1)
				go func() {
					grants, _ := s.Subscribe(t.Context(), []Filter{{"a", 1}})
					granted <- grants
				}()
				synctest.Wait()
				p.send(tt.send...)
				p.send(tt.send...)
				synctest.Wait()
				if len(e.published)+len(granted) > 0 {
					t.Errorf("%d outcomes, %d grants before their time", len(e.published), len(granted))
				}
				p.send(0x40, 2, 0, 1, 0x90, 3, 0, 2, 1)
				p.message("a", "x", 0, 0)
				<-e.arrived
				if o := <-e.published; o.number != 1 || o.err != nil {
					t.Errorf("outcome %v", o)
				}
				if g := <-granted; len(g) != 1 || g[0].QoS != 1 {
					t.Errorf("granted %v", g)
				}
				if err := <-e.unasked; !says(err, tt.said) || len(e.unasked) > 0 {
					t.Errorf("told of %v, want %q; and %d times more", err, tt.said, len(e.unasked))
				}
				s.Close(t.Context())
				if len(e.lost) > 0 {
					t.Errorf("lost by %v", <-e.lost)
				}
			})
		})
	}
}

func TestAcknowledgedOutOfOrder(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		const n = 100
		var held []uint16
		s, _ := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			if !ok || m.Qos == 0 {
				return ok
			}
			if held = append(held, m.MessageID); len(held) == n/2 {
				for i := range held {
					id := held[len(held)-1-i]
					p.send(0x40, 2, byte(id>>8), byte(id))
				}
			}
			return true
		})
		for i := range uint64(n) {
			s.Publish(i, Message{Topic: "a", QoS: byte(i % 2)})
		}
		s.Flush()
		next := [2]uint64{0, 1} // by QoS
		for range n {
			o := <-e.published
			if qos := o.number % 2; o.number != next[qos] || o.err != nil {
				t.Fatalf("QoS %d: outcome of %d, want that of %d: %v", qos, o.number, next[qos], o.err)
			}
			next[o.number%2] += 2
		}
		s.Close(t.Context())
	})
}

// The answer to a request that nobody waits for any more is no fault, and its identifier is not another's before.
func TestLateAnswer(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		var late uint16
		s, p := mustDial(t, e.options(t), func(_ *peer, packet packets.ControlPacket) bool {
			sub, ok := packet.(*packets.SubscribePacket)
			if ok && late == 0 {
				late = sub.MessageID
				return true
			}
			if ok && sub.MessageID == late {
				t.Errorf("identifier %d was used again", late)
			}
			return false
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Subscribe(ctx, []Filter{{"a", 1}}); err == nil {
			t.Error("subscribed without an answer")
		}
		if _, err := s.Subscribe(t.Context(), []Filter{{"b", 1}}); err != nil {
			t.Errorf("the next one: %v", err)
		}
		p.send(0x90, 3, byte(late>>8), byte(late), 1)
		if _, err := s.Subscribe(t.Context(), []Filter{{"c", 1}}); err != nil {
			t.Errorf("after the late answer: %v", err)
		}
		s.Close(t.Context())
		if len(e.lost) > 0 {
			t.Errorf("lost by %v", <-e.lost)
		}
	})
}

// A PUBREL is answered whether its message was acknowledged or not: mosquitto sends them again with a session that it
// kept, which is nothing to tell of.
func TestPubrelIsAnswered(t *testing.T) {
	for _, kept := range []byte{0, 1} {
		t.Run(fmt.Sprintf("session present %d", kept), func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
					_, connect := packet.(*packets.ConnectPacket)
					if connect {
						p.send(0x20, 2, kept, 0)
					}
					return connect
				})
				p.send(0x62, 2, 0, 9)
				synctest.Wait()
				s.Close(t.Context())
				if done := wait[*packets.PubcompPacket](p); done == nil || done.MessageID != 9 {
					t.Errorf("answered with %v", done)
				}
				if told := len(e.unasked); told != 1-int(kept) {
					t.Errorf("told of %d times", told)
				}
			})
		})
	}
}

// However a broker misbehaves, the session ends with an error, and nothing of it remains.
func FuzzSession(f *testing.F) {
	for _, seed := range [][]byte{
		{0x30, 4, 0, 1, 'a', 'x', 0xd0, 0},
		{0x32, 6, 0, 1, 'a', 0, 7, 'x', 0x62, 2, 0, 7},
		{0x40, 2, 0, 1, 0x90, 3, 0, 2, 1, 0xb0, 2, 0, 3},
		{0x20, 2, 0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bubbles(t, func(t *testing.T, over Transport) { suffer(t, over, data) })
	})
}

func suffer(t *testing.T, over Transport, data []byte) {
	ours, theirs := net.Pipe()
	go func() {
		_, _ = packets.ReadPacket(theirs)
		go func() { // takes all that comes
			for err := error(nil); err == nil; {
				_, err = packets.ReadPacket(theirs)
			}
		}()
		_, _ = theirs.Write(append(append([]byte{}, connack...), data...))
		theirs.Close()
	}()
	e := newEvents(over)
	o := e.options(t)
	o.MaxPacket = 1000
	o.Arrived = func(m Message) { m.Ack() }
	s, err := connect(t.Context(), wire{ours, ours}, o)
	if err != nil {
		return // It came before Dial was done.
	}
	s.Publish(1, Message{Topic: "a", QoS: 1})
	s.Flush()
	if err := <-e.lost; err == nil {
		t.Error("lost by nothing")
	}
	<-gone(s)
	if len(e.published) > 1 {
		t.Errorf("%d outcomes of one publication", len(e.published))
	}
	if len(e.unasked) > 1 {
		t.Errorf("told of %d acknowledgements of nothing", len(e.unasked))
	}
}
