package mqtt

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// A message that is larger than the limit is acknowledged, told of, and not missed by those around it.
func TestTooLargeMessages(t *testing.T) {
	const limit = 1000
	for qos := range byte(3) {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			bubbles(t, func(t *testing.T, over Transport) {
				e := newEvents(over)
				o := e.options(t)
				o.MaxPacket = limit
				s, p := mustDial(t, o, nil)
				<-p.got // the CONNECT
				p.message("before", "x", 0, 0)
				p.message("home/large", strings.Repeat("x", 3*chunk), qos, 7)
				p.message("after", "x", 0, 0)
				for _, topic := range []string{"before", "after"} {
					if m := <-e.arrived; m.Topic != topic {
						t.Errorf("%q arrived, want %q", m.Topic, topic)
					}
				}
				if told := <-e.tooLarge; !strings.HasPrefix(told, "home/large 1966") || len(e.tooLarge) > 0 {
					t.Errorf("told of %q, and %d more", told, len(e.tooLarge))
				}
				synctest.Wait()
				switch qos {
				case 0:
					if len(p.got) > 0 {
						t.Errorf("answered by %v", <-p.got)
					}
				case 1:
					if m, ok := (<-p.got).(*packets.PubackPacket); !ok || m.MessageID != 7 {
						t.Errorf("answered by %v", m)
					}
				case 2:
					if m, ok := (<-p.got).(*packets.PubrecPacket); !ok || m.MessageID != 7 {
						t.Errorf("answered by %v", m)
					}
					p.send(0x62, 2, 0, 7)
					if m, ok := (<-p.got).(*packets.PubcompPacket); !ok || m.MessageID != 7 {
						t.Errorf("the PUBREL is answered by %v", m)
					}
				}
				time.Sleep(time.Hour) // Nobody waits for anything any more.
				s.Close(t.Context())
				if len(e.lost)+len(e.unasked)+len(e.owing) > 0 {
					t.Errorf("%d lost, %d answers to nothing, %d times unanswered", len(e.lost), len(e.unasked), len(e.owing))
				}
			})
		})
	}
}
