package contract

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// An answer to a packet that was not sent is reported once a session, and changes nothing: the message in flight, with
// the identifier 1, is acknowledged by its PUBACK only, and the SUBSCRIBE, with the identifier 2, by its SUBACK only.
func testAnswersToNothing(t *testing.T, tr Transport) {
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
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
					switch packet.(type) {
					case *packets.PublishPacket, *packets.SubscribePacket:
						return true
					}
					return false
				})
				s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
				s.Flush()
				synctest.Wait()
				granted := make(chan []mqtt.Grant, 1)
				go func() {
					grants, _ := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "a", QoS: 1}})
					granted <- grants
				}()
				synctest.Wait()
				p.Send(tt.send...)
				p.Send(tt.send...)
				synctest.Wait()
				if len(e.Published)+len(granted) > 0 {
					t.Errorf("%d outcomes, %d grants before their time", len(e.Published), len(granted))
				}
				p.Send(0x40, 2, 0, 1, 0x90, 3, 0, 2, 1)
				p.Message("a", "x", 0, 0)
				<-e.Arrived
				if o := <-e.Published; o.Number != 1 || o.Err != nil {
					t.Errorf("outcome %v", o)
				}
				if g := <-granted; len(g) != 1 || g[0].QoS != 1 {
					t.Errorf("granted %v", g)
				}
				if err := <-e.Unasked; !wording.Says(err, tt.said) || len(e.Unasked) > 0 {
					t.Errorf("told of %v, want %q; and %d times more", err, tt.said, len(e.Unasked))
				}
				s.Close(t.Context())
				if len(e.Lost) > 0 {
					t.Errorf("lost by %v", <-e.Lost)
				}
			})
		})
	}
}

// A PUBREL is answered whether or not its message was acknowledged. mosquitto sends PUBRELs again in a session that it
// has kept, which is not reported.
func testPubrelIsAnswered(t *testing.T, tr Transport) {
	for _, kept := range []byte{0, 1} {
		t.Run(fmt.Sprintf("session present %d", kept), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
					_, connect := packet.(*packets.ConnectPacket)
					if connect {
						p.Send(0x20, 2, kept, 0)
					}
					return connect
				})
				p.Send(0x62, 2, 0, 9)
				synctest.Wait()
				s.Close(t.Context())
				if done := Wait[*packets.PubcompPacket](p); done == nil || done.MessageID != 9 {
					t.Errorf("answered with %v", done)
				}
				if told := len(e.Unasked); told != 1-int(kept) {
					t.Errorf("told of %d times", told)
				}
			})
		})
	}
}

func testAcknowledgingOutOfOrder(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), nil)
		p.Message("a", "", 1, 1)
		p.Message("a", "", 2, 2)
		p.Message("a", "", 0, 0)
		p.Message("a", "", 1, 4)
		var all []mqtt.Message
		for range 4 {
			all = append(all, <-e.Arrived)
		}
		for i := len(all) - 1; i >= 0; i-- {
			all[i].Ack()
		}
		s.Close(t.Context())
		var got []string
		for packet := range p.Got {
			switch packet.(type) {
			case *packets.PubackPacket, *packets.PubrecPacket:
				got = append(got, fmt.Sprintf("%T %d", packet, packet.Details().MessageID))
			}
		}
		if want := "*packets.PubackPacket 4, *packets.PubrecPacket 2, *packets.PubackPacket 1"; strings.Join(got, ", ") != want {
			t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
		}
	})
}

// A message above the limit is acknowledged and reported, and the messages around it are not affected.
func testTooLargeMessages(t *testing.T, tr Transport) {
	const limit = 1000
	for qos := range byte(3) {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				o := e.Options(t)
				o.MaxPacket = limit
				s, p := tr.MustDial(t, o, nil)
				<-p.Got // the CONNECT
				p.Message("before", "x", 0, 0)
				p.Message("home/large", strings.Repeat("x", 3*large), qos, 7)
				p.Message("after", "x", 0, 0)
				for _, topic := range []string{"before", "after"} {
					if m := <-e.Arrived; m.Topic != topic {
						t.Errorf("%q arrived, want %q", m.Topic, topic)
					}
				}
				if told := <-e.TooLarge; !strings.HasPrefix(told, "home/large 1966") || len(e.TooLarge) > 0 {
					t.Errorf("told of %q, and %d more", told, len(e.TooLarge))
				}
				synctest.Wait()
				switch qos {
				case 0:
					if len(p.Got) > 0 {
						t.Errorf("answered by %v", <-p.Got)
					}
				case 1:
					if m, ok := (<-p.Got).(*packets.PubackPacket); !ok || m.MessageID != 7 {
						t.Errorf("answered by %v", m)
					}
				case 2:
					if m, ok := (<-p.Got).(*packets.PubrecPacket); !ok || m.MessageID != 7 {
						t.Errorf("answered by %v", m)
					}
					p.Send(0x62, 2, 0, 7)
					if m, ok := (<-p.Got).(*packets.PubcompPacket); !ok || m.MessageID != 7 {
						t.Errorf("the PUBREL is answered by %v", m)
					}
				}
				time.Sleep(time.Hour) // nothing must be unanswered any more
				s.Close(t.Context())
				if len(e.Lost)+len(e.Unasked)+len(e.Overdue) > 0 {
					t.Errorf("%d lost, %d answers to nothing, %d times unanswered", len(e.Lost), len(e.Unasked), len(e.Overdue))
				}
			})
		})
	}
}
