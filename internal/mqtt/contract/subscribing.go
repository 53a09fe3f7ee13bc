package contract

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

func testSubscribe(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
			sub, ok := packet.(*packets.SubscribePacket)
			if !ok || sub.Topics[0] != "no" {
				return false
			}
			p.Send(0x90, 3, byte(sub.MessageID>>8), byte(sub.MessageID), 0x80)
			return true
		})
		grants, err := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "b/#", QoS: 1}, {Topic: "no", QoS: 0}, {Topic: "$share/g/a/+", QoS: 2}, {Topic: "b/#", QoS: 0}})
		if got, want := fmt.Sprint(grants, err), "[{b/# 1} {no 128} {$share/g/a/+ 2} {b/# 0}] <nil>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if err := s.Unsubscribe(t.Context(), []string{"b/#", "$share/g/a/+"}); err != nil {
			t.Errorf("unsubscribing: %v", err)
		}
		if u := Wait[*packets.UnsubscribePacket](p); fmt.Sprint(u.Topics) != "[b/# $share/g/a/+]" {
			t.Errorf("unsubscribed %v", u.Topics)
		}
		_, err = s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "a/#/b", QoS: 0}, {Topic: "a", QoS: 3}, {Topic: "", QoS: 0}})
		for _, want := range []string{"a/#/b", "QoS 3", "empty"} {
			if !wording.Says(err, want) {
				t.Errorf("nothing about %s in %v", want, err)
			}
		}
		s.Close(t.Context())
	})
}

func testSubscribeWithoutAnAnswer(t *testing.T, tr Transport) {
	deaf := func(_ *Peer, packet packets.ControlPacket) bool {
		switch packet.(type) {
		case *packets.SubscribePacket, *packets.UnsubscribePacket:
			return true
		}
		return false
	}
	synctest.Test(t, func(t *testing.T) {
		s, _ := tr.MustDial(t, NewEvents(tr).Options(t), deaf)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.Subscribe(ctx, []mqtt.Filter{{Topic: "a", QoS: 0}})
		if !errors.Is(err, context.DeadlineExceeded) || !wording.Says(err, `no SUBACK for the filter "a"`) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		cause := errors.New("enough")
		time.AfterFunc(time.Second, func() { s.Kill(cause) })
		if err := s.Unsubscribe(t.Context(), []string{"a"}); !errors.Is(err, cause) {
			t.Errorf("killed: got %v, want %v", err, cause)
		}
		if _, err := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "a", QoS: 0}}); !errors.Is(err, cause) {
			t.Errorf("after the end: got %v, want %v", err, cause)
		}
		<-tr.Gone(s)
	})
}

// An answer to a request for which nobody waits any more is no fault, and the request's identifier is not used before
// the answer has come.
func testLateAnswer(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		var late uint16
		s, p := tr.MustDial(t, e.Options(t), func(_ *Peer, packet packets.ControlPacket) bool {
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
		if _, err := s.Subscribe(ctx, []mqtt.Filter{{Topic: "a", QoS: 1}}); err == nil {
			t.Error("subscribed without an answer")
		}
		if _, err := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "b", QoS: 1}}); err != nil {
			t.Errorf("the next one: %v", err)
		}
		p.Send(0x90, 3, byte(late>>8), byte(late), 1)
		if _, err := s.Subscribe(t.Context(), []mqtt.Filter{{Topic: "c", QoS: 1}}); err != nil {
			t.Errorf("after the late answer: %v", err)
		}
		s.Close(t.Context())
		if len(e.Lost) > 0 {
			t.Errorf("lost by %v", <-e.Lost)
		}
	})
}
