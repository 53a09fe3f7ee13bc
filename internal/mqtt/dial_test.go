package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestConnecting(t *testing.T) {
	answer := func(b ...byte) handler {
		return func(p *peer, packet packets.ControlPacket) bool {
			if _, ok := packet.(*packets.ConnectPacket); !ok {
				return false
			}
			p.send(b...)
			return true
		}
	}
	hangUp := func(p *peer, _ packets.ControlPacket) bool { p.Close(); return true }
	tests := []struct {
		name      string
		handle    handler
		err       string
		is        error
		permanent bool
	}{
		{"accepted", nil, "", nil, false},
		{"refused", answer(0x20, 2, 0, 5), "not authorized", NotAuthorized, true},
		{"unavailable", answer(0x20, 2, 0, 3), "unavailable", Unavailable, false},
		{"refused with a code that paho takes for success", answer(0x20, 2, 0, 6), "code 6", Refusal(6), false},
		{"no answer", answer(), "not connected within 10s", context.DeadlineExceeded, false},
		{"half an answer", answer(0x20, 2), "not connected within 10s", context.DeadlineExceeded, false},
		{"end of file", hangUp, "closed by the broker", io.EOF, false},
		{"something else first", answer(0xd0, 0), "first packet has type 13", nil, false},
		{"not MQTT", answer([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")...), "first packet has type 4", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second,
					fmt.Errorf("not connected within 10s: %w", context.DeadlineExceeded))
				defer cancel()
				s, _, err := dialPipe(ctx, e.options(t), tt.handle)
				if !says(err, tt.err) || tt.is != nil && !errors.Is(err, tt.is) || Permanent(err) != tt.permanent {
					t.Errorf("got %v, permanent %t; want %q, %v, %t", err, Permanent(err), tt.err, tt.is, tt.permanent)
				}
				if s != nil {
					s.Close(t.Context())
				}
				synctest.Wait()
				if len(e.lost) > 0 {
					t.Errorf("Lost was called: %v", <-e.lost)
				}
			})
		})
	}
}

func TestCancelWhileConnecting(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, func() { cancel(cause) })
		_, _, err := dialPipe(ctx, newEvents(over).options(t), func(*peer, packets.ControlPacket) bool { return true })
		if !errors.Is(err, cause) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s, want %v after 1s", err, time.Since(start), cause)
		}
	})
}

func TestConnectSaysWhoWeAre(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		o := newEvents(over).options(t)
		o.Username, o.Password, o.CleanSession = "me", "s3cret", false
		o.Will = &Message{Topic: "will", Payload: "gone", QoS: 1, Retained: true}
		s, p := mustDial(t, o, nil)
		c := wait[*packets.ConnectPacket](p)
		got := fmt.Sprint(c.ProtocolVersion, c.ClientIdentifier, c.Username, string(c.Password), c.CleanSession, c.Keepalive,
			c.WillTopic, string(c.WillMessage), c.WillQos, c.WillRetain)
		want := fmt.Sprint(4, "test", "me", "s3cret", false, 10, "will", "gone", 1, true)
		if got != want {
			t.Errorf("CONNECT says %s, want %s", got, want)
		}
		s.Close(t.Context())
	})
}

// What a persistent session had waiting comes right behind the CONNACK.
func TestArrivedRunsBeforeDialReturns(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), func(p *peer, packet packets.ControlPacket) bool {
			if _, ok := packet.(*packets.ConnectPacket); !ok {
				return false
			}
			p.send(0x20, 2, 1, 0, 0x3a, 6, 0, 1, 'a', 1, 2, 'x') // DUP, QoS 1, in one piece
			return true
		})
		m := <-e.arrived
		if m.Topic != "a" || m.Payload != "x" || m.QoS != 1 || !m.Duplicate || m.Retained || !s.Present() {
			t.Errorf("arrived %+v, present %t", m, s.Present())
		}
		m.Ack()
		m.Ack()
		s.Close(t.Context())
		if ack := wait[*packets.PubackPacket](p); ack == nil || ack.MessageID != 0x102 {
			t.Errorf("acknowledged %v, want message 258", ack)
		}
		if ack := wait[*packets.PubackPacket](p); ack != nil {
			t.Errorf("acknowledged again: %v", ack)
		}
		m.Ack() // after the end: nothing
	})
}
