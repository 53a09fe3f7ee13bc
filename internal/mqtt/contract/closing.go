package contract

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func testKill(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), nil)
		s.Kill(nil)
		s.Kill(errors.New("again"))
		s.Publish(1, mqtt.Message{Topic: "a"})
		<-tr.Gone(s)
		s.Close(t.Context())
		if len(e.Lost)+len(e.Published) > 0 {
			t.Errorf("%d lost, %d published after Kill", len(e.Lost), len(e.Published))
		}
		if Wait[*packets.DisconnectPacket](p) != nil {
			t.Error("Kill sent a DISCONNECT")
		}
	})
}

func testClose(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), func(p *Peer, packet packets.ControlPacket) bool {
			if m, ok := packet.(*packets.PublishPacket); ok {
				time.AfterFunc(time.Second, func() { p.Send(0x40, 2, byte(m.MessageID>>8), byte(m.MessageID)) })
				return true
			}
			return false
		})
		for i := range uint64(100) {
			s.Publish(i, mqtt.Message{Topic: "a", QoS: 1})
		}
		s.Close(t.Context())
		s.Publish(100, mqtt.Message{Topic: "a", QoS: 1})
		s.Close(t.Context())
		if len(e.Published) != 100 || len(e.Lost) != 0 {
			t.Errorf("%d of 100 outcomes, %d lost", len(e.Published), len(e.Lost))
		}
		var last packets.ControlPacket
		for packet := range p.Got {
			last = packet
		}
		if _, ok := last.(*packets.DisconnectPacket); !ok {
			t.Errorf("the last packet was %v, want a DISCONNECT", last)
		}
	})
}

// A broker that leaves a packet unanswered gets its DISCONNECT nevertheless, and in time.
func testCloseIsBounded(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEvents(tr)
		s, p := tr.MustDial(t, e.Options(t), func(_ *Peer, packet packets.ControlPacket) bool {
			_, publish := packet.(*packets.PublishPacket)
			return publish
		})
		s.Publish(1, mqtt.Message{Topic: "a", QoS: 1})
		s.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		s.Close(ctx)
		if d := time.Since(start); d > 3*time.Second || d < 2*time.Second {
			t.Errorf("Close took %s of 3 s", d)
		}
		if Wait[*packets.DisconnectPacket](p) == nil {
			t.Error("no DISCONNECT")
		}
		<-tr.Gone(s)
		if len(e.Published)+len(e.Lost) > 0 {
			t.Error("an outcome, or a loss, after an unfinished Close")
		}
	})
}

func testCloseWithAFrozenBroker(t *testing.T, tr Transport) {
	synctest.Test(t, func(t *testing.T) {
		frozen := make(chan struct{})
		s, _ := tr.MustDial(t, NewEvents(tr).Options(t), func(_ *Peer, packet packets.ControlPacket) bool {
			_, connect := packet.(*packets.ConnectPacket)
			if !connect {
				<-frozen
			}
			return false
		})
		s.Publish(1, mqtt.Message{Topic: "a", Payload: string(make([]byte, 3*large))})
		s.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		s.Close(ctx)
		if d := time.Since(start); d > time.Second {
			t.Errorf("Close took %s of 1 s", d)
		}
		close(frozen)
		<-tr.Gone(s)
	})
}
