package mqtt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestAcknowledgingOutOfOrder(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), nil)
		p.message("a", "", 1, 1)
		p.message("a", "", 2, 2)
		p.message("a", "", 0, 0)
		p.message("a", "", 1, 4)
		var all []Message
		for range 4 {
			all = append(all, <-e.arrived)
		}
		for i := len(all) - 1; i >= 0; i-- {
			all[i].Ack()
		}
		s.Close(t.Context())
		var got []string
		for packet := range p.got {
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

func TestSubscribe(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
			sub, ok := packet.(*packets.SubscribePacket)
			if !ok || sub.Topics[0] != "no" {
				return false
			}
			p.send(0x90, 3, byte(sub.MessageID>>8), byte(sub.MessageID), 0x80)
			return true
		})
		grants, err := s.Subscribe(t.Context(), []Filter{{"b/#", 1}, {"no", 0}, {"$share/g/a/+", 2}, {"b/#", 0}})
		if got, want := fmt.Sprint(grants, err), "[{b/# 1} {no 128} {$share/g/a/+ 2} {b/# 0}] <nil>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if err := s.Unsubscribe(t.Context(), []string{"b/#", "$share/g/a/+"}); err != nil {
			t.Errorf("unsubscribing: %v", err)
		}
		if u := wait[*packets.UnsubscribePacket](p); fmt.Sprint(u.Topics) != "[b/# $share/g/a/+]" {
			t.Errorf("unsubscribed %v", u.Topics)
		}
		_, err = s.Subscribe(t.Context(), []Filter{{"a/#/b", 0}, {"a", 3}, {"", 0}})
		for _, want := range []string{"a/#/b", "QoS 3", "empty"} {
			if !says(err, want) {
				t.Errorf("nothing about %s in %v", want, err)
			}
		}
		s.Close(t.Context())
	})
}

func TestSubscribeWithoutAnAnswer(t *testing.T) {
	deaf := func(_ *peer, packet packets.ControlPacket) bool {
		switch packet.(type) {
		case *packets.SubscribePacket, *packets.UnsubscribePacket:
			return true
		}
		return false
	}
	bubbles(t, func(t *testing.T, over Transport) {
		s, _ := mustDial(t, newEvents(over).options(t), deaf)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.Subscribe(ctx, []Filter{{"a", 0}})
		if !errors.Is(err, context.DeadlineExceeded) || !says(err, `no SUBACK for the filter "a"`) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		cause := errors.New("enough")
		time.AfterFunc(time.Second, func() { s.Kill(cause) })
		if err := s.Unsubscribe(t.Context(), []string{"a"}); !errors.Is(err, cause) {
			t.Errorf("killed: got %v, want %v", err, cause)
		}
		if _, err := s.Subscribe(t.Context(), []Filter{{"a", 0}}); !errors.Is(err, cause) {
			t.Errorf("after the end: got %v, want %v", err, cause)
		}
		<-gone(s)
	})
}

func TestKill(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), nil)
		s.Kill(nil)
		s.Kill(errors.New("again"))
		s.Publish(1, Message{Topic: "a"})
		<-gone(s)
		s.Close(t.Context())
		if len(e.lost)+len(e.published) > 0 {
			t.Errorf("%d lost, %d published after Kill", len(e.lost), len(e.published))
		}
		if wait[*packets.DisconnectPacket](p) != nil {
			t.Error("Kill sent a DISCONNECT")
		}
	})
}

func TestClose(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
			if m, ok := packet.(*packets.PublishPacket); ok {
				time.AfterFunc(time.Second, func() { p.send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
				return true
			}
			return false
		})
		for i := range uint64(100) {
			s.Publish(i, Message{Topic: "a", QoS: 1})
		}
		s.Close(t.Context())
		s.Publish(100, Message{Topic: "a", QoS: 1})
		s.Close(t.Context())
		if len(e.published) != 100 || len(e.lost) != 0 {
			t.Errorf("%d of 100 outcomes, %d lost", len(e.published), len(e.lost))
		}
		var last packets.ControlPacket
		for packet := range p.got {
			last = packet
		}
		if _, ok := last.(*packets.DisconnectPacket); !ok {
			t.Errorf("the last packet was %v, want a DISCONNECT", last)
		}
	})
}

// A broker that owes an acknowledgement gets its DISCONNECT all the same, and in time.
func TestCloseIsBounded(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), func(_ *peer, packet packets.ControlPacket) bool {
			_, publish := packet.(*packets.PublishPacket)
			return publish
		})
		s.Publish(1, Message{Topic: "a", QoS: 1})
		s.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		s.Close(ctx)
		if d := time.Since(start); d > 3*time.Second || d < 2*time.Second {
			t.Errorf("Close took %s of 3 s", d)
		}
		if wait[*packets.DisconnectPacket](p) == nil {
			t.Error("no DISCONNECT")
		}
		<-gone(s)
		if len(e.published)+len(e.lost) > 0 {
			t.Error("an outcome, or a loss, after an unfinished Close")
		}
	})
}

func TestCloseWithAFrozenBroker(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		frozen := make(chan struct{})
		s, _ := mustDial(t, newEvents(over).options(t), func(_ *peer, packet packets.ControlPacket) bool {
			_, connect := packet.(*packets.ConnectPacket)
			if !connect {
				<-frozen
			}
			return false
		})
		s.Publish(1, Message{Topic: "a", Payload: string(make([]byte, 3*chunk))})
		s.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		s.Close(ctx)
		if d := time.Since(start); d > time.Second {
			t.Errorf("Close took %s of 1 s", d)
		}
		close(frozen)
		<-gone(s)
	})
}
