package mqtt

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// What the broker sends when it should not, and what paho would make of it: a panic, 256 MB, a false end of file.
func TestLostByWhatTheBrokerSends(t *testing.T) {
	tests := []struct {
		name string
		send []byte
		err  string
	}{
		{"SUBACK with two codes", []byte{0x90, 4, 0, 1, 0, 0}, "remaining length of 4, want 3"},
		{"256 MB announced", []byte{0xe0, 0xff, 0xff, 0xff, 0x7f}, "larger than the limit"},
		{"PUBLISH that is cut", []byte{0x30, 2, 0, 9}, "with a topic of 9"},
		{"PUBACK that is cut", []byte{0x40, 0}, "remaining length of 0"},
		{"unknown type", []byte{0xf0, 0}, "type 15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
					_, ok := packet.(*packets.SubscribePacket)
					if ok {
						p.send(tt.send...)
					}
					return ok
				})
				if _, err := s.Subscribe(t.Context(), []Filter{{"a", 0}}); !says(err, tt.err) {
					t.Errorf("subscribing: %v, want %q", err, tt.err)
				}
				if err := <-e.lost; !says(err, tt.err) || errors.Is(err, io.EOF) {
					t.Errorf("lost by %v, want %q", err, tt.err)
				}
				<-gone(s)
				if _, err := p.Write([]byte{0}); err == nil {
					t.Error("the connection is still open")
				}
			})
		})
	}
}

// The last messages before the end of file are not lost with it.
func TestWhatCameBeforeTheEndArrives(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		_, p := mustDial(t, e.options(t), nil)
		for range 100 {
			p.message("a", "x", 0, 0)
		}
		p.Close()
		<-e.lost
		if len(e.arrived) != 100 {
			t.Errorf("%d of 100 arrived", len(e.arrived))
		}
	})
}

func TestSilence(t *testing.T) {
	t.Run("an idle broker that answers pings is kept", func(t *testing.T) {
		bubbles(t, func(t *testing.T, over Transport) {
			e := newEvents(over)
			s, p := mustDial(t, e.options(t), nil)
			select {
			case err := <-e.lost:
				t.Errorf("lost: %v", err)
			case <-time.After(time.Hour):
			}
			s.Close(t.Context())
			if wait[*packets.PingreqPacket](p) == nil {
				t.Error("no ping was sent")
			}
		})
	})
	deaf := func(_ *peer, packet packets.ControlPacket) bool {
		_, connect := packet.(*packets.ConnectPacket)
		return !connect
	}
	t.Run("one that swallows everything is lost", func(t *testing.T) {
		bubbles(t, func(t *testing.T, over Transport) {
			e := newEvents(over)
			start := time.Now()
			s, _ := mustDial(t, e.options(t), deaf)
			err := <-e.lost
			if want := 15 * time.Second; !says(err, "nothing from the broker for 15s") || time.Since(start) != want {
				t.Errorf("lost after %s by %v, want %s", time.Since(start), err, want)
			}
			<-gone(s)
		})
	})
	t.Run("even while we publish", func(t *testing.T) {
		bubbles(t, func(t *testing.T, over Transport) {
			e := newEvents(over)
			start := time.Now()
			s, _ := mustDial(t, e.options(t), deaf)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					s.Publish(0, Message{Topic: "a"})
					s.Flush()
					continue
				case <-e.lost:
				}
				break
			}
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("lost after %s", d)
			}
			<-gone(s)
		})
	})
	t.Run("one that reads nothing is lost by the write", func(t *testing.T) {
		bubbles(t, func(t *testing.T, over Transport) {
			e := newEvents(over)
			frozen := make(chan struct{})
			s, _ := mustDial(t, e.options(t), func(_ *peer, packet packets.ControlPacket) bool {
				if _, ok := packet.(*packets.PublishPacket); ok {
					<-frozen
				}
				return false
			})
			start := time.Now()
			for i := range uint64(1000) {
				s.Publish(i, Message{Topic: "a", Payload: string(make([]byte, 1000)), QoS: byte(i % 2)})
			}
			s.Flush()
			err := <-e.lost
			if !says(err, "taken nothing for 10s") || time.Since(start) != 10*time.Second {
				t.Errorf("lost after %s by %v", time.Since(start), err)
			}
			<-gone(s)
			close(frozen)
		})
	})
	t.Run("a callback that is stuck is noticed", func(t *testing.T) {
		bubbles(t, func(t *testing.T, over Transport) {
			e := newEvents(over)
			o := e.options(t)
			release := make(chan struct{})
			o.Arrived = func(m Message) {
				<-release
				e.arrived <- m
			}
			start := time.Now()
			s, p := mustDial(t, o, deaf) // it has more to say than we read, pings or not
			go func() {
				for range 100 {
					p.message("a", "", 0, 0)
				}
			}()
			err := <-e.lost
			if want := 15*time.Second + stuck; !says(err, "nothing from the broker") || time.Since(start) != want {
				t.Errorf("lost after %s by %v, want %s", time.Since(start), err, want)
			}
			close(release)
			<-gone(s)
			if len(e.arrived) > 1 {
				t.Errorf("Arrived was called after Lost, %d times", len(e.arrived)-1)
			}
		})
	})
}
