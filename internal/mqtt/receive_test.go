package mqtt

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// paho lets these pass; it has its reasons, such as messages that it published at QoS 2 in an earlier session.
func TestLostByAnAnswerToNothing(t *testing.T) {
	tests := []struct {
		name string
		send []byte // in answer to the message in flight, which has the identifier 1
		err  string
	}{
		{"PUBACK for what is not in flight", []byte{0x40, 2, 0, 7}, "PUBACK for message 7, which is not in flight"},
		{"a second PUBACK", []byte{0x40, 2, 0, 1, 0x40, 2, 0, 1}, "PUBACK for message 1, which is not in flight"},
		{"SUBACK for a message", []byte{0x90, 3, 0, 1, 0}, "packet of type 9 for request 1, which was not made"},
		{"UNSUBACK for nothing", []byte{0xb0, 2, 0, 9}, "packet of type 11 for request 9, which was not made"},
		{"PUBREC", []byte{0x50, 2, 0, 1}, "packet of type 5 for message 1: nothing was published with QoS 2"},
		{"PUBCOMP", []byte{0x70, 2, 0, 1}, "packet of type 7 for message 1: nothing was published with QoS 2"},
		{"a second CONNACK", []byte{0x20, 2, 0, 0}, "a second CONNACK"},
		{"PUBLISH with the identifier 0", []byte{0x32, 5, 0, 1, 'a', 0, 0}, "PUBLISH with the identifier 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEvents(Direct)
				s, _ := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
					_, ok := packet.(*packets.PublishPacket)
					if ok {
						p.send(tt.send...)
					}
					return ok
				})
				s.Publish(1, Message{Topic: "a", QoS: 1})
				s.Flush()
				if err := <-e.lost; !says(err, tt.err) || Permanent(err) {
					t.Errorf("lost by %v, want %q", err, tt.err)
				}
				<-gone(s)
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
		for i := range uint64(n) {
			if o := <-e.published; o.number != i || o.err != nil {
				t.Fatalf("outcome %d is that of %d: %v", i, o.number, o.err)
			}
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

// A PUBREL is answered whether its message was acknowledged or not: mosquitto sends them again with a session that it kept.
func TestPubrelIsAnswered(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		s, p := mustDial(t, newEvents(over).options(t), nil)
		p.send(0x62, 2, 0, 9)
		synctest.Wait()
		s.Close(t.Context())
		if done := wait[*packets.PubcompPacket](p); done == nil || done.MessageID != 9 {
			t.Errorf("answered with %v", done)
		}
	})
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
		synctest.Test(t, func(t *testing.T) {
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
			e := newEvents(Direct)
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
		})
	})
}
