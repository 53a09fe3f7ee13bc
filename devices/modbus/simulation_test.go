package modbus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
)

// live opens a device again and again until ctx is done, with the back-off that a gateway has by default, and shows each life to use.
func live(ctx context.Context, params map[string]any, name string, use func(ctx context.Context, d *devicetest.Device)) {
	again := backoff.Policy{Min: time.Second, Max: time.Minute}
	for failures := 0; ctx.Err() == nil; {
		begun := time.Now()
		d, err := devicetest.Open("modbus", params, devicetest.Name(name))
		if err == nil {
			life, end := context.WithCancel(ctx)
			go func() {
				defer end()
				select {
				case <-d.Ended():
				case <-life.Done():
				}
			}()
			use(life, d)
			<-life.Done()
			_ = d.Close()
		}
		if failures++; err == nil && time.Since(begun) > 30*time.Second {
			failures = 1
		}
		select {
		case <-ctx.Done():
		case <-time.After(again.Half(failures).Draw(rand.Float64())):
		}
	}
}

// Ten thousand requests to five slaves, of which a tenth is answered late, with a wrong checksum, cut short, behind an echo or noise, by
// another unit, or not at all: each value that is told is one that this slave has kept at this address within the last second.
func TestMisbehaviour(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "rtu", true: "tcp"}[tcp], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { misbehaviour(t, tcp) })
		})
	}
}

func misbehaviour(t *testing.T, tcp bool) {
	s := &simulated{begun: time.Now(), rng: rand.New(rand.NewPCG(1, 2)), misbehave: badly, tcp: tcp}
	if s.wire.Latency = 5 * time.Millisecond; !tcp {
		s.wire.Baud, s.wire.Latency = 19200, 20*time.Millisecond
	}
	simulations.Store(t.Name(), s)
	ctx, end := context.WithCancel(t.Context())
	defer s.serving.Wait()
	var lives sync.WaitGroup
	defer lives.Wait()
	defer end()
	var mu sync.Mutex
	values, unknown, lost := 0, 0, 0
	check := func(unit uint8, u devicetest.Update) {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range u.Readings {
			var point int
			if _, err := fmt.Sscanf(r.ID, "p%d", &point); err != nil {
				continue
			}
			if r.Err != nil {
				unknown++
				continue
			}
			values++
			n, _ := r.Value.Int()
			is := uint32(n)
			age := time.Since(s.begun) - time.Duration(is&0xFFFF)*100*time.Millisecond
			if is>>16 != s.number(unit, 2*point, s.begun)>>16 || age < 0 || age > time.Second {
				t.Errorf("unit %d: %s is %#x, %v old", unit, r.ID, is, age)
			}
		}
	}
	for unit := uint8(1); unit <= 5; unit++ {
		lives.Go(func() {
			live(ctx, s.params(t.Name(), int(unit), 3*time.Second), fmt.Sprint("unit", unit), func(life context.Context, d *devicetest.Device) {
				mu.Lock()
				lost++
				mu.Unlock()
				lives.Go(func() { // who asks in between, and commands
					for life.Err() == nil {
						var err error
						if rand.IntN(2) == 0 {
							err = d.Read()
						} else {
							err = d.Set("order", rand.IntN(100))
						}
						if err != nil && !errors.Is(err, devices.ErrAction) && life.Err() == nil {
							return
						}
						select {
						case <-life.Done():
						case <-time.After(time.Duration(rand.IntN(8000)) * time.Millisecond):
						}
					}
				})
				for life.Err() == nil {
					if u, err := d.NextUpdate(time.Second); err == nil {
						check(unit, u)
					}
				}
			})
		})
	}
	for len(s.since(s.begun)) < 10_000 {
		time.Sleep(10 * time.Second)
	}
	end()
	lives.Wait()
	s.serving.Wait()
	t.Logf("%d requests in %v, %d answered wrong; %d values, %d unknown, %d lives", len(s.asked), time.Since(s.begun).Round(time.Second), s.wrong, values, unknown, lost)
	if s.wrong < 800 || values < 8_000 {
		t.Errorf("%d requests were answered wrong, and there were %d values, want about a tenth, and most", s.wrong, values)
	}
}

// Five slaves at 9600 bit/s, of which one dies: from its second minute on it has two requests a minute at most, by which the others lose
// no poll; and no command waits for more than the one request that is under way.
func TestDeadSlave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 5 * time.Second
		s := &simulated{begun: time.Now(), rng: rand.New(rand.NewPCG(1, 2))}
		s.wire.Baud, s.wire.Latency = 9600, 50*time.Millisecond
		s.silent = func(unit uint8) bool { return unit == 5 && time.Since(s.begun) > time.Minute }
		simulations.Store(t.Name(), s)
		ctx, end := context.WithTimeout(t.Context(), 20*time.Minute)
		defer s.serving.Wait()
		var lives sync.WaitGroup
		defer lives.Wait()
		defer end()
		for unit := uint8(1); unit <= 5; unit++ {
			lives.Go(func() {
				live(ctx, s.params(t.Name(), int(unit), interval), fmt.Sprint("unit", unit), func(life context.Context, d *devicetest.Device) {
					if unit != 1 {
						return
					}
					for life.Err() == nil {
						begun := time.Now()
						if err := d.Set("order", 1); err != nil && life.Err() == nil {
							t.Error(err)
						}
						between := 0
						for _, a := range s.since(begun) {
							if a.unit == 1 && a.function == 6 {
								break
							}
							between++
						}
						if between > 1 {
							t.Errorf("%d requests came before a command", between)
						}
						select {
						case <-life.Done():
						case <-time.After(777 * time.Millisecond):
						}
					}
				})
			})
		}
		lives.Wait()
		s.serving.Wait()
		dead := make([]int, 20)
		polls := make(map[uint8][]time.Duration) // by unit, those by function 4
		for _, a := range s.asked {
			at := a.at.Sub(s.begun)
			if a.unit == 5 {
				dead[at/time.Minute]++
			} else if a.function == 4 {
				polls[a.unit] = append(polls[a.unit], at)
			}
		}
		t.Logf("requests to the dead slave, a minute: %v", dead)
		for minute, n := range dead {
			if minute >= 3 && (n < 1 || n > 2) {
				t.Errorf("minute %d: %d requests to the dead slave, want 1 or 2", minute, n)
			}
		}
		for unit, times := range polls {
			var before, since time.Duration // the latest, while all are there and from the third minute on
			for i, at := range times[1:] {  // the first is the opener's
				late := at - times[1] - time.Duration(i)*interval
				if at < time.Minute {
					before = max(before, late)
				} else if at > 3*time.Minute {
					since = max(since, late)
				}
			}
			t.Logf("unit %d: %d polls, late by %v at most, and by %v beside a dead one", unit, len(times), before, since)
			// 300 ms time-out, 300 ms guard time, and what came first of others: two requests to each of three and a command, of 80 ms.
			if len(times) < 239 || since > 1500*time.Millisecond {
				t.Errorf("unit %d: want 240 polls, none later than by a time-out and what else is due", unit)
			}
		}
	})
}
