package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The link opens when each configured device has opened or failed once, or when StartWait, 5 s here, is over.
func TestWhenTheLinkOpens(t *testing.T) {
	device := func(opening string, timeout time.Duration) config.Device {
		d := lamps("b")[0]
		d.Params, d.OpenTimeout = map[string]any{"opening": opening}, timeout
		return d
	}
	for _, row := range []struct {
		name  string
		b     config.Device // beside a, which opens at once
		tell  any           // to the supervisor, a second after the start; nil: nothing
		after time.Duration
		state actors.State // of the devices then
	}{
		{"all open", lamps("b")[0], nil, 0, actors.State{Online: 2}},
		{"one fails", device("fail", time.Minute), nil, 0, actors.State{Online: 1, Down: 1}},
		{"one panics", device("panic", time.Minute), nil, 0, actors.State{Online: 1, Down: 1}},
		{"one is misconfigured", device("config", time.Minute), nil, 0, actors.State{Online: 1, Down: 1}},
		{"one takes its time", device("hang", 2*time.Second), nil, 2 * time.Second, actors.State{Online: 1, Down: 1}},
		{"one takes too long", device("hang", time.Minute), nil, 5 * time.Second, actors.State{Online: 1, Opening: 1}},
		{"what another adds is not waited for", device("hang", 2*time.Second),
			messages.DeviceAdded{Device: "a.1", AddedBy: "a"}, 2 * time.Second, actors.State{Online: 1, Opening: 1, Down: 1}},
		{"what is removed is not waited for", device("hang", time.Minute),
			messages.DeviceRemoved{Device: "b"}, time.Second, actors.State{Online: 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := start(t, append(lamps("a"), row.b))
				defer b.end()
				for b.broker.attempts() == 0 {
					time.Sleep(time.Second)
					if row.tell != nil {
						b.gateway.Post("supervisor", row.tell)
					}
					synctest.Wait()
				}
				if after := time.Since(began); after != row.after {
					t.Errorf("the link opened after %v, want %v", after, row.after)
				}
				row.state.Link = "connected"
				if got := b.gateway.State(); got != row.state {
					t.Errorf("state %+v, want %+v", got, row.state)
				}
			})
		})
	}
}
