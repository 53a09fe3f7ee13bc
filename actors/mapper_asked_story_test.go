package actors_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// What people ask of the gateway reaches whoever runs it, and is answered beside it; where nobody may ask, it is no message.
func TestAsked(t *testing.T) {
	for _, may := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			b := start(t, lamps("lamp"), func(o *actors.Options) {
				if may {
					o.Asked = func(what, payload string) { asked = append(asked, what+" "+payload) }
				}
			})
			defer b.end()
			acks := new(ackCount)
			for _, topic := range []string{"home/$gateway/gw/request/stop", "home/$gateway/other/request/stop", "home/$gateway/gw/request/a/b"} {
				b.broker.session().options.Arrived(mqtt.Message{Topic: topic, Payload: "{}", QoS: 1}.AcknowledgedBy(acks, 1))
			}
			b.broker.session().options.Arrived(mqtt.Message{Topic: "home/$gateway/gw/request/stop", Payload: "old", Retained: true})
			synctest.Wait()
			want := []string{"stop {}"}
			if !may {
				want = nil
			}
			if !slices.Equal(asked, want) || acks.Load() != 3 {
				t.Errorf("asked %q, want %q; acknowledged %d of 3", asked, want, acks.Load())
			}
			ignored, refused := int64(4), int64(0)
			if may {
				ignored, refused = 3, 1
			}
			if c := b.gateway.Counters(); c.Ignored.Load() != ignored || c.Refused.Load() != refused {
				t.Errorf("%d counted as no messages, want %d; %d refused, want %d", c.Ignored.Load(), ignored, c.Refused.Load(), refused)
			}
			if told := mentions(b.log.take(), `WARN messages refused who=mapper`, `request/stop": retained: `); int64(len(told)) != refused {
				t.Errorf("told %q, want it %d times", told, refused)
			}
			b.gateway.Respond("stop", `{"response":"OK"}`)
			synctest.Wait()
			b.broker.locked(func() {
				if got := b.broker.views; !slices.Equal(got, []string{`response/stop {"response":"OK"}`}) {
					t.Errorf("answered %q", got)
				}
			})
		})
	}
}
