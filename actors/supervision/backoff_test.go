package supervision

import (
	"errors"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// However often its opener has listened in vain, a device waits for the shortest time.
func TestSilentEquipmentIsListenedTo(t *testing.T) {
	r := New(func() float64 { return 0.99 }, "mapper")
	now := start
	r.Apply(messages.DeviceAdded{Device: lamp, Type: "lamp", RetryMin: time.Second, RetryMax: time.Minute}, now)
	for failures := range 10 {
		now = now.Add(30 * time.Second)
		listened := failures != 8 // then the port is gone
		_, orders := r.Apply(messages.Failure{Who: lamp, What: messages.Opening, Err: errors.New("nothing heard"), Listens: listened}, now)
		if len(orders) != 1 || listened != (orders[0].After <= time.Second) {
			t.Errorf("after failure %d, which is one of silence: %v, the orders are %v", failures+1, listened, orders)
		}
	}
}

// A device that opens and fails again and again is begun again after longer and longer waits, unless it works for some
// time in between.
func TestBackOffOfADevice(t *testing.T) {
	type lives []time.Duration // for how long the device is online in each life
	short := messages.DeviceAdded{Device: "a", Type: "lamp", RetryMin: 100 * time.Millisecond, RetryMax: 300 * time.Millisecond}
	for _, row := range []struct {
		name  string
		added messages.DeviceAdded
		lives lives
		want  []time.Duration // the longest wait after each life
	}{
		{"at once", messages.DeviceAdded{Device: "a"}, lives{0, 0, 0, 0, 0, 0, 0, 0}, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}},
		{"within 10 s", messages.DeviceAdded{Device: "a"}, lives{9 * time.Second, 9 * time.Second, 9 * time.Second}, []time.Duration{1, 2, 4}},
		{"within 30 s", messages.DeviceAdded{Device: "a"}, lives{29 * time.Second, 29 * time.Second, 29 * time.Second}, []time.Duration{1, 2, 4}},
		{"after 30 s", messages.DeviceAdded{Device: "a"}, lives{0, 0, 30 * time.Second, 0}, []time.Duration{1, 2, 1, 2}},
		{"its own back-off", short, lives{0, 0, 0, 30 * time.Second}, []time.Duration{100, 200, 300, 100}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, now := New(func() float64 { return 1 }), start
			r.Apply(row.added, now)
			unit := time.Second
			if row.added.RetryMax > 0 {
				unit = time.Millisecond
			}
			for i, life := range row.lives {
				r.Apply(messages.DeviceChanged{Device: "a", State: messages.Online}, now)
				now = now.Add(life)
				_, orders := r.Apply(messages.Failure{Who: "a", What: messages.Running, Err: errors.New("no answer")}, now)
				if want := row.want[i] * unit; len(orders) != 1 || orders[0].After != want {
					t.Fatalf("after life %d ordered %+v, want a wait of %v", i, orders, want)
				}
				now = now.Add(orders[0].After)
			}
		})
	}
}
