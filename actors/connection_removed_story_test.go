package actors_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/messages"
)

// keeps returns the topics that the broker keeps, without the list of filters.
func (f *fakeBroker) keeps() (topics []string) {
	f.locked(func() { topics = slices.Sorted(maps.Keys(f.retained)) })
	return slices.DeleteFunc(topics, func(t string) bool { return t == "home/$gateway/gw/filters" })
}

func (b *bench) wantKept(when string, want ...string) {
	b.t.Helper()
	synctest.Wait()
	if got := b.broker.keeps(); !slices.Equal(got, want) {
		b.t.Errorf("%s: the broker keeps %q, want %q", when, got, want)
	}
}

// publish sends the connection a retained status of a device, as the mapper does.
func (b *bench) publish(device, topic, payload string) {
	b.gateway.Post("connection", messages.RetainedPublication{
		Publication: messages.Publication{Device: device, Topic: topic, Payload: payload, Retain: true},
	})
	synctest.Wait()
}

// remove sends the connection what it hears when a device is no more.
func (b *bench) remove(device string) {
	b.gateway.Post("connection", messages.Drained{Device: device})
	b.gateway.Post("connection", messages.DeviceRemoved{Device: device})
	synctest.Wait()
}

// What the broker keeps of a device is cleared when the device is removed, at QoS 1, also when the link is down at that
// moment; and nothing else is.
func TestRemovedDeviceLeavesNothing(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		for _, down := range []bool{false, true} {
			t.Run(fmt.Sprintf("QoS %d, link down %t", qos, down), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fakeBroker{retained: make(map[string]string)}
					b := start(t, lamps("a", "b"), func(o *actors.Options) { o.Dial, o.QoS = f.dial, qos })
					b.broker = f
					b.publish("a", "home/a1", "ON")
					b.publish("a", "home/a2", "ON")
					b.publish("b", "home/b1", "ON")
					b.wantKept("at first", "home/$gateway/gw/a/state", "home/$gateway/gw/b/state", "home/$gateway/gw/state",
						"home/a1", "home/a2", "home/b1")
					if down {
						f.locked(func() { f.down = errRefused })
						f.session().lose(errRefused)
						b.publish("a", "home/a2", "WAITS")
					}
					b.remove("a")
					if down {
						f.locked(func() { f.down = nil })
						time.Sleep(time.Minute)
					}
					b.wantKept("then", "home/$gateway/gw/b/state", "home/$gateway/gw/state", "home/b1")
					f.session().lose(errRefused)
					b.saidStates()
					time.Sleep(time.Minute)
					b.wantStates("in a later session", "state online", "b/state online")
					b.end()
				})
			})
		}
	}
}

// A device that is added again before the broker has heard that it was removed is there with what it says anew.
func TestRemovedDeviceIsAddedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeBroker{retained: make(map[string]string)}
		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = f.dial })
		b.broker = f
		b.publish("a", "home/a1", "OLD")
		b.publish("a", "home/a2", "OLD")
		f.locked(func() { f.down = errRefused })
		f.session().lose(errRefused)
		b.remove("a")
		b.gateway.Post("connection", messages.Availability{Device: "a", State: messages.Online})
		b.publish("a", "home/a1", "NEW")
		f.locked(func() { f.down = nil })
		b.saidStates()
		time.Sleep(time.Minute)
		b.wantKept("then", "home/$gateway/gw/a/state", "home/$gateway/gw/state", "home/a1")
		b.wantStates("with the next session", "state online", "a/state online")
		f.locked(func() {
			if got := f.retained["home/a1"]; got != "NEW" {
				t.Errorf("the broker keeps %q, want what was said anew", got)
			}
		})
		b.end()
	})
}
