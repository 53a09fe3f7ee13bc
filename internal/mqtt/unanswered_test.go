package mqtt

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// askings lead to each kind of packet that is to be answered.
var askings = []struct {
	name    string
	ask     func(context.Context, Session, *peer, events)
	unheard func(packets.ControlPacket) bool // what the peer does not answer
	says    string
}{
	{
		"PUBLISH",
		func(_ context.Context, s Session, _ *peer, _ events) {
			s.Publish(1, Message{Topic: "home/lamp", QoS: 1})
		},
		isA[*packets.PublishPacket], `no PUBACK for the message on "home/lamp"`,
	},
	{
		"SUBSCRIBE",
		func(ctx context.Context, s Session, _ *peer, _ events) {
			go func() { _, _ = s.Subscribe(ctx, []Filter{{"home/#", 1}}) }()
		},
		isA[*packets.SubscribePacket], `no SUBACK for the filter "home/#"`,
	},
	{
		"UNSUBSCRIBE",
		func(ctx context.Context, s Session, _ *peer, _ events) {
			go func() { _ = s.Unsubscribe(ctx, []string{"home/#"}) }()
		},
		isA[*packets.UnsubscribePacket], `no UNSUBACK for the filter "home/#"`,
	},
	{
		"PUBREC",
		func(_ context.Context, _ Session, p *peer, e events) {
			p.message("home/lamp", "x", 2, 7)
			m := <-e.arrived
			m.Ack()
		},
		isA[*packets.PubrecPacket], "no PUBREL for the message that came with the identifier 7",
	},
}

func isA[T packets.ControlPacket](p packets.ControlPacket) bool {
	_, ok := p.(T)
	return ok
}

// A packet that is not answered, of whatever kind, ends the session after 30 s, and is named. A quarter of that earlier
// it is told of, before anything is lost.
func TestUnanswered(t *testing.T) {
	for _, tt := range askings {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				o := e.options(t)
				o.KeepAlive = 5 * time.Minute // Only what is not answered has the broker pinged.
				s, p := mustDial(t, o, func(_ *peer, packet packets.ControlPacket) bool { return tt.unheard(packet) })
				time.Sleep(47 * time.Second)
				began := time.Now()
				tt.ask(t.Context(), s, p, e)
				s.Flush()
				since := <-e.owing
				if waited := time.Since(since); !since.Equal(began) || waited > o.AckTimeout/2 {
					t.Errorf("told after %v of what was sent %v after it was", waited, since.Sub(began))
				}
				err := <-e.lost
				if waited := time.Since(began); waited != o.AckTimeout {
					t.Errorf("lost after %v, want %v", waited, o.AckTimeout)
				}
				var unanswered *UnansweredError
				if !errors.As(err, &unanswered) || !says(err, tt.says) || !says(err, "for 30s") {
					t.Errorf("lost by %v, want %q", err, tt.says)
				} else if unanswered.Message != (tt.name == "PUBLISH") || unanswered.Message && unanswered.Topic != "home/lamp" {
					t.Errorf("it is about a message: %t, on %q", unanswered.Message, unanswered.Topic)
				}
				<-gone(s)
			})
		})
	}
}

// chatter has the peer send messages, and us publish, until the session is lost, which it returns the reason of. (With
// nothing coming in it is the keep-alive that judges.)
func chatter(s Session, p *peer, e events) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := uint64(100); ; n++ {
		select {
		case err := <-e.lost:
			return err
		case <-tick.C:
		}
		go p.message("a", "x", 0, 0)
		s.Publish(n, Message{Topic: "b", QoS: 1})
		s.Flush()
	}
}

func TestUnansweredPings(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		began := time.Now()
		s, p := mustDial(t, e.options(t), func(_ *peer, packet packets.ControlPacket) bool { return isA[*packets.PingreqPacket](packet) })
		// The first ping is due when we have been silent for 7.5 s.
		time.Sleep(8 * time.Second)
		err := chatter(s, p, e)
		if waited := time.Since(began); !says(err, "no PINGRESP") || waited != 37500*time.Millisecond {
			t.Errorf("lost after %v by %v", waited, err)
		}
		<-gone(s)
	})
}

// One PINGRESP that does not come is made up for by the next.
func TestOneUnansweredPing(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		o := e.options(t)
		o.KeepAlive = time.Minute
		pings := 0
		s, p := mustDial(t, o, func(_ *peer, packet packets.ControlPacket) bool {
			if isA[*packets.PingreqPacket](packet) {
				pings++
				return pings == 2
			}
			return false
		})
		select {
		case err := <-e.lost:
			t.Errorf("lost by %v", err)
		case <-time.After(time.Hour):
		}
		if len(e.owing) > 2 || len(e.unasked) > 0 {
			t.Errorf("told %d times of something unanswered, %d times of an answer to nothing", len(e.owing), len(e.unasked))
		}
		s.Kill(nil)
		p.Close()
		<-gone(s)
	})
}

// A broker that pauses is judged by the keep-alive, and has its time anew when it is back.
func TestPausedBroker(t *testing.T) {
	const pause = 100 * time.Second
	for _, tt := range []struct {
		name  string
		after time.Duration // that the PUBACK comes when it is back; it has answered the pings by then
		lost  bool
	}{
		{"answers at once", 0, false},
		{"takes its time", 29 * time.Second, false},
		{"has lost it", time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				o := e.options(t)
				o.KeepAlive, o.WriteTimeout = 5*time.Minute, time.Hour
				var back time.Time
				s, p := mustDial(t, o, func(p *peer, packet packets.ControlPacket) bool {
					m, ok := packet.(*packets.PublishPacket)
					if ok {
						time.Sleep(pause) // and nothing is read meanwhile
						back = time.Now()
						time.AfterFunc(tt.after, func() { p.send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
					}
					return ok
				})
				time.Sleep(time.Minute)
				s.Publish(1, Message{Topic: "a", QoS: 1})
				s.Flush()
				select {
				case err := <-e.lost:
					if waited := time.Since(back); !tt.lost || waited != o.AckTimeout || !says(err, "no PUBACK") {
						t.Errorf("lost %v after the pause by %v", waited, err)
					}
				case <-e.published:
					if tt.lost {
						t.Error("acknowledged after an hour")
					}
				}
				s.Kill(nil)
				p.Close()
				<-gone(s)
			})
		})
	}
}

// A broker that has much to send first is given four times as long.
func TestBusyBroker(t *testing.T) {
	for busy, lost := range map[time.Duration]bool{119 * time.Second: false, time.Hour: true} {
		t.Run(busy.String(), func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
					switch m := packet.(type) { // Both answers stand behind all the rest.
					case *packets.PublishPacket:
						time.AfterFunc(busy, func() { p.send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
					case *packets.PingreqPacket:
						time.AfterFunc(busy, func() { p.send(0xd0, 0) })
					default:
						return false
					}
					return true
				})
				began := time.Now()
				s.Publish(1, Message{Topic: "a", QoS: 1})
				s.Flush()
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for ended := false; !ended; {
					select {
					case <-tick.C:
						p.message("a", "x", 0, 0)
					case err := <-e.lost:
						if waited := time.Since(began); !lost || waited != 2*time.Minute || !says(err, "no PUBACK") {
							t.Errorf("lost after %v by %v", waited, err)
						}
						ended = true
					case <-e.published:
						if ended = true; lost {
							t.Error("acknowledged after an hour")
						}
					}
				}
				s.Kill(nil)
				p.Close()
				<-gone(s)
				time.Sleep(busy) // for the timers
			})
		})
	}
}

// What has long been unanswered is told of with its age, and that it is so no more.
func TestAnsweredLate(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, _ := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			if ok {
				time.AfterFunc(20*time.Second, func() { p.send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
			}
			return ok
		})
		began := time.Now()
		s.Publish(1, Message{Topic: "a", QoS: 1})
		s.Flush()
		<-e.published
		time.Sleep(time.Minute)
		if since := <-e.owing; !since.Equal(began) {
			t.Errorf("told of what was sent %v after it was", since.Sub(began))
		}
		if none := <-e.owing; !none.IsZero() || len(e.owing) > 0 {
			t.Errorf("then told of %v, and %d times more", none, len(e.owing))
		}
		s.Close(t.Context())
	})
}

// Without a keep-alive nobody else notices a broker that has fallen silent.
func TestUnansweredWithoutKeepAlive(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		o := e.options(t)
		o.KeepAlive = 0
		s, _ := mustDial(t, o, func(_ *peer, packet packets.ControlPacket) bool { return !isA[*packets.ConnectPacket](packet) })
		time.Sleep(time.Hour)
		began := time.Now()
		s.Publish(1, Message{Topic: "a", QoS: 1})
		s.Flush()
		err := <-e.lost
		if waited := time.Since(began); waited != 2*time.Minute || !says(err, "no PUBACK") {
			t.Errorf("lost after %v by %v", waited, err)
		}
		<-gone(s)
	})
}
