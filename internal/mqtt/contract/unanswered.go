package contract

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// askings make a session send each kind of packet that must be answered.
var askings = []struct {
	name    string
	ask     func(context.Context, mqtt.Session, *Peer, Events)
	unheard func(packets.ControlPacket) bool // reports the packets that the peer does not answer
	says    string
}{
	{
		"PUBLISH",
		func(_ context.Context, s mqtt.Session, _ *Peer, _ Events) {
			s.Publish(1, mqtt.Message{Topic: "home/lamp", QoS: 1})
		},
		isA[*packets.PublishPacket], `no PUBACK for the message on "home/lamp"`,
	},
	{
		"SUBSCRIBE",
		func(ctx context.Context, s mqtt.Session, _ *Peer, _ Events) {
			go func() { _, _ = s.Subscribe(ctx, []mqtt.Filter{{Topic: "home/#", QoS: 1}}) }()
		},
		isA[*packets.SubscribePacket], `no SUBACK for the filter "home/#"`,
	},
	{
		"UNSUBSCRIBE",
		func(ctx context.Context, s mqtt.Session, _ *Peer, _ Events) {
			go func() { _ = s.Unsubscribe(ctx, []string{"home/#"}) }()
		},
		isA[*packets.UnsubscribePacket], `no UNSUBACK for the filter "home/#"`,
	},
	{
		"PUBREC",
		func(_ context.Context, _ mqtt.Session, p *Peer, e Events) {
			p.Message("home/lamp", "x", 2, 7)
			m := <-e.Arrived
			m.Ack()
		},
		isA[*packets.PubrecPacket], "no PUBREL for the message that came with the identifier 7",
	},
}

func isA[T packets.ControlPacket](p packets.ControlPacket) bool {
	_, ok := p.(T)
	return ok
}

// A packet of any kind that is not answered ends the session after 30 s, and the error names it. Unanswered is called
// after a quarter of that time, before anything is lost.
func testUnanswered(t *testing.T, tr Transport) {
	for _, tt := range askings {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				o := e.Options(t)
				o.KeepAlive = 5 * time.Minute // so that only an unanswered packet makes the session ping
				s, p := tr.MustDial(t, o, func(_ *Peer, packet packets.ControlPacket) bool { return tt.unheard(packet) })
				time.Sleep(47 * time.Second)
				began := time.Now()
				tt.ask(t.Context(), s, p, e)
				s.Flush()
				since := <-e.Overdue
				if waited := time.Since(since); !since.Equal(began) || waited > o.AckTimeout/2 {
					t.Errorf("told after %v of what was sent %v after it was", waited, since.Sub(began))
				}
				err := <-e.Lost
				if waited := time.Since(began); waited != o.AckTimeout {
					t.Errorf("lost after %v, want %v", waited, o.AckTimeout)
				}
				var unanswered *mqtt.UnansweredError
				if !errors.As(err, &unanswered) || !wording.Says(err, tt.says) || !wording.Says(err, "for 30s") {
					t.Errorf("lost by %v, want %q", err, tt.says)
				} else if unanswered.Message != (tt.name == "PUBLISH") || unanswered.Message && unanswered.Topic != "home/lamp" {
					t.Errorf("it is about a message: %t, on %q", unanswered.Message, unanswered.Topic)
				}
				<-tr.Gone(s)
			})
		})
	}
}

// chatter makes the peer send messages, and the session publish, until the session is lost, and returns the reason. (If
// nothing came in, the keep-alive would decide.)
func chatter(s mqtt.Session, p *Peer, e Events) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := uint64(100); ; n++ {
		select {
		case err := <-e.Lost:
			return err
		case <-tick.C:
		}
		go p.Message("a", "x", 0, 0)
		s.Publish(n, mqtt.Message{Topic: "b", QoS: 1})
		s.Flush()
	}
}

func testUnansweredPings(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		began := time.Now()
		s, p := tr.MustDial(t, e.Options(t), func(_ *Peer, packet packets.ControlPacket) bool { return isA[*packets.PingreqPacket](packet) })
		// The first ping is sent when the session has been silent for 7.5 s.
		time.Sleep(8 * time.Second)
		err := chatter(s, p, e)
		if waited := time.Since(began); !wording.Says(err, "no PINGRESP") || waited != 37500*time.Millisecond {
			t.Errorf("lost after %v by %v", waited, err)
		}
		<-tr.Gone(s)
	})
}

// The answer to a later ping makes up for one PINGRESP that does not come.
func testOneUnansweredPing(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		o := e.Options(t)
		o.KeepAlive = time.Minute
		pings := 0
		s, p := tr.MustDial(t, o, func(_ *Peer, packet packets.ControlPacket) bool {
			if isA[*packets.PingreqPacket](packet) {
				pings++
				return pings == 2
			}
			return false
		})
		select {
		case err := <-e.Lost:
			t.Errorf("lost by %v", err)
		case <-time.After(time.Hour):
		}
		if len(e.Overdue) > 2 || len(e.Unasked) > 0 {
			t.Errorf("told %d times of something unanswered, %d times of an answer to nothing", len(e.Overdue), len(e.Unasked))
		}
		s.Kill(nil)
		p.Close()
		<-tr.Gone(s)
	})
}

// A paused broker is judged by the keep-alive. When it is back, the time of unanswered packets begins anew.
func testPausedBroker(t *testing.T, tr Transport) {
	const pause = 100 * time.Second
	for _, tt := range []struct {
		name  string
		after time.Duration // from the end of the pause until the PUBACK; pings are answered before
		lost  bool
	}{
		{"answers at once", 0, false},
		{"takes its time", 29 * time.Second, false},
		{"has lost it", time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				o := e.Options(t)
				o.KeepAlive, o.WriteTimeout = 5*time.Minute, time.Hour
				var back time.Time
				s, p := tr.MustDial(t, o, func(p *Peer, packet packets.ControlPacket) bool {
					m, ok := packet.(*packets.PublishPacket)
					if ok {
						time.Sleep(pause) // the peer reads nothing meanwhile
						back = time.Now()
						time.AfterFunc(tt.after, func() { p.Send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
					}
					return ok
				})
				time.Sleep(time.Minute)
				s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
				s.Flush()
				select {
				case err := <-e.Lost:
					if waited := time.Since(back); !tt.lost || waited != o.AckTimeout || !wording.Says(err, "no PUBACK") {
						t.Errorf("lost %v after the pause by %v", waited, err)
					}
				case <-e.Published:
					if tt.lost {
						t.Error("acknowledged after an hour")
					}
				}
				s.Kill(nil)
				p.Close()
				<-tr.Gone(s)
			})
		})
	}
}

// A broker that first has much else to send has four times as long.
func testBusyBroker(t *testing.T, tr Transport) {
	for busy, lost := range map[time.Duration]bool{119 * time.Second: false, time.Hour: true} {
		t.Run(busy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := NewEvents(tr)
				s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
					switch m := packet.(type) { // both answers come after everything else
					case *packets.PublishPacket:
						time.AfterFunc(busy, func() { p.Send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
					case *packets.PingreqPacket:
						time.AfterFunc(busy, func() { p.Send(0xd0, 0) })
					default:
						return false
					}
					return true
				})
				began := time.Now()
				s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
				s.Flush()
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for ended := false; !ended; {
					select {
					case <-tick.C:
						p.Message("a", "x", 0, 0)
					case err := <-e.Lost:
						if waited := time.Since(began); !lost || waited != 2*time.Minute || !wording.Says(err, "no PUBACK") {
							t.Errorf("lost after %v by %v", waited, err)
						}
						ended = true
					case <-e.Published:
						if ended = true; lost {
							t.Error("acknowledged after an hour")
						}
					}
				}
				s.Kill(nil)
				p.Close()
				<-tr.Gone(s)
				time.Sleep(busy) // lets the timers fire
			})
		})
	}
}

// Unanswered reports the time since when a packet has been unanswered, and then that it is answered.
func testAnsweredLate(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, _ := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
			m, ok := packet.(*packets.PublishPacket)
			if ok {
				time.AfterFunc(20*time.Second, func() { p.Send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
			}
			return ok
		})
		began := time.Now()
		s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
		s.Flush()
		<-e.Published
		time.Sleep(time.Minute)
		if since := <-e.Overdue; !since.Equal(began) {
			t.Errorf("told of what was sent %v after it was", since.Sub(began))
		}
		if none := <-e.Overdue; !none.IsZero() || len(e.Overdue) > 0 {
			t.Errorf("then told of %v, and %d times more", none, len(e.Overdue))
		}
		s.Close(t.Context())
	})
}

// Without a keep-alive, only the answer timeout notices a broker that has fallen silent.
func testUnansweredWithoutKeepAlive(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		o := e.Options(t)
		o.KeepAlive = 0
		s, _ := tr.MustDial(t, o, func(_ *Peer, packet packets.ControlPacket) bool { return !isA[*packets.ConnectPacket](packet) })
		time.Sleep(time.Hour)
		began := time.Now()
		s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
		s.Flush()
		err := <-e.Lost
		if waited := time.Since(began); waited != 2*time.Minute || !wording.Says(err, "no PUBACK") {
			t.Errorf("lost after %v by %v", waited, err)
		}
		<-tr.Gone(s)
	})
}

// The session must also ping a broker that only sends, so that the broker hears from it.
func testWeAreNotSilent(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), nil) // keep-alive 10 s
		<-p.Got
		last, longestSilence := time.Now(), time.Duration(0)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range 600 {
			p.Message("a", "", 0, 0)
			<-tick.C
			synctest.Wait()
			for len(p.Got) > 0 {
				<-p.Got
				longestSilence = max(longestSilence, time.Since(last))
				last = time.Now()
			}
		}
		if silence := max(longestSilence, time.Since(last)); silence > 10*time.Second {
			t.Errorf("we were silent for %s, longer than we said", silence)
		}
		s.Close(t.Context())
	})
}

func testSilence(t *testing.T, tr Transport) {
	t.Run("an idle broker that answers pings is kept", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			s, p := tr.MustDial(t, e.Options(t), nil)
			select {
			case err := <-e.Lost:
				t.Errorf("lost: %v", err)
			case <-time.After(time.Hour):
			}
			s.Close(t.Context())
			if Wait[*packets.PingreqPacket](p) == nil {
				t.Error("no ping was sent")
			}
		})
	})
	deaf := func(_ *Peer, packet packets.ControlPacket) bool {
		_, connect := packet.(*packets.ConnectPacket)
		return !connect
	}
	t.Run("one that swallows everything is lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			start := time.Now()
			s, _ := tr.MustDial(t, e.Options(t), deaf)
			err := <-e.Lost
			if want := 15 * time.Second; !wording.Says(err, "nothing from the broker for 15s") || time.Since(start) != want {
				t.Errorf("lost after %s by %v, want %s", time.Since(start), err, want)
			}
			<-tr.Gone(s)
		})
	})
	t.Run("even while we publish", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			start := time.Now()
			s, _ := tr.MustDial(t, e.Options(t), deaf)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					s.Publish(0, mqtt.Message{Topic: "a"})
					s.Flush()
					continue
				case <-e.Lost:
				}
				break
			}
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("lost after %s", d)
			}
			<-tr.Gone(s)
		})
	})
	t.Run("one that reads nothing is lost by the write", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			frozen := make(chan struct{})
			s, _ := tr.MustDial(t, e.Options(t), func(_ *Peer, packet packets.ControlPacket) bool {
				if _, ok := packet.(*packets.PublishPacket); ok {
					<-frozen
				}
				return false
			})
			start := time.Now()
			for i := range uint64(1000) {
				s.Publish(i, mqtt.Message{Topic: "a", Payload: string(make([]byte, 1000)), QoS: byte(i % 2)})
			}
			s.Flush()
			err := <-e.Lost
			if !wording.Says(err, "taken nothing for 10s") || time.Since(start) != 10*time.Second {
				t.Errorf("lost after %s by %v", time.Since(start), err)
			}
			<-tr.Gone(s)
			close(frozen)
		})
	})
	t.Run("a callback that is stuck is noticed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := NewEvents(tr)
			o := e.Options(t)
			release := make(chan struct{})
			o.Arrived = func(m mqtt.Message) {
				<-release
				e.Arrived <- m
			}
			start := time.Now()
			s, p := tr.MustDial(t, o, deaf) // the peer sends more than the session reads, pings or not
			go func() {
				for range 100 {
					p.Message("a", "", 0, 0)
				}
			}()
			err := <-e.Lost
			if want := 15*time.Second + mqtt.StuckAfter; !wording.Says(err, "nothing from the broker") || time.Since(start) != want {
				t.Errorf("lost after %s by %v, want %s", time.Since(start), err, want)
			}
			close(release)
			<-tr.Gone(s)
			if len(e.Arrived) > 1 {
				t.Errorf("Arrived was called after Lost, %d times", len(e.Arrived)-1)
			}
		})
	})
}
