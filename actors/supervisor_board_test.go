package actors

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Whatever happens, and however slow they are, readers know in the end what the record says; what waits for them meanwhile is
// bounded; and none is left behind.
func TestReadersKeepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		list := make([]config.Device, 3*readAtOnce)
		for i := range list {
			list[i] = config.Device{Name: fmt.Sprint("lamp", i), Type: "lamp"}
		}
		g := &Gateway{board: newBoard(list)}
		b := g.board

		var readers sync.WaitGroup
		known := make([]map[entry]supervision.Entry, 6)
		for i := range known {
			known[i] = make(map[entry]supervision.Entry)
			readers.Go(func() {
				for u := range g.Watch(t.Context()) {
					if u.Whole {
						clear(known[i])
					}
					for _, e := range u.Entries {
						known[i][nameOf(e)] = e
					}
					for _, name := range u.Removed {
						delete(known[i], entry{supervision.Device, name})
					}
					time.Sleep(time.Duration(i*i) * time.Second)
				}
			})
		}
		readers.Go(func() {
			for range g.Watch(t.Context()) {
				break
			}
		})
		there := func() map[entry]supervision.Entry {
			r := &reader{whole: true}
			u, _ := b.take(r)
			all := make(map[entry]supervision.Entry)
			for _, e := range u.Entries {
				all[nameOf(e)] = e
			}
			return all
		}
		for step := range 5_000 {
			name := fmt.Sprint("lamp", random.IntN(len(list)))
			switch random.IntN(5) {
			case 0:
				b.apply(messages.DeviceRemoved{Device: name})
			case 1:
				b.apply(messages.DeviceAdded{Device: name, Type: "lamp"})
			case 2: // it comes and goes, and never again
				guest := fmt.Sprint("guest", step)
				b.apply(messages.DeviceAdded{Device: guest, Type: "lamp"})
				b.apply(messages.DeviceRemoved{Device: guest})
			case 3:
				b.apply(messages.DeviceChanged{Device: name, State: messages.Online})
			case 4:
				b.apply(messages.Failure{Who: name, What: messages.Handling, Err: errors.New("EOF")})
			}
			time.Sleep(10 * time.Millisecond)
			b.mu.Lock()
			for r := range b.readers {
				if n := len(r.fresh); n > len(list) {
					t.Errorf("%d entries wait for a reader, and there are %d at most", n, len(list))
				}
			}
			b.mu.Unlock()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, is := range known {
			if want := there(); !maps.Equal(is, want) {
				t.Errorf("reader %d knows %d entries, and there are %d, or they differ", i, len(is), len(want))
			}
		}
		b.end()
		readers.Wait()
		for i, is := range known {
			if want := there(); !maps.Equal(is, want) || is[entry{supervision.Device, "lamp0"}].State == messages.Online {
				t.Errorf("reader %d does not know that all is closed", i)
			}
		}
		if len(b.readers) > 0 {
			t.Errorf("%d readers are left", len(b.readers))
		}
	})
}
