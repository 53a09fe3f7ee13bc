package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func configured(t *testing.T, params string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices("- {name: a, type: sim, params: {" + params + "}}")
	if err != nil {
		t.Fatal(err)
	}
	return list[0].Params
}

// started opens a device in a bubble, in which it is midnight.
func started(t *testing.T, params string) *devicetest.Device {
	t.Helper()
	return devicetest.Start(t, "sim", configured(t, params), devicetest.Name(t.Name()))
}

func await(t *testing.T, d *devicetest.Device, id string, want any, within time.Duration) {
	t.Helper()
	if err := d.Await(id, want, within); err != nil {
		t.Error(err)
	}
}

func TestWave(t *testing.T) {
	midnight := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := Wave{Min: 12, Max: 28, Period: 24 * time.Hour}
	for hour, want := range map[int]string{0: "12", 6: "20", 12: "28", 18: "20", 21: "14.34", 24: "12"} {
		if got := w.at(midnight.Add(time.Duration(hour) * time.Hour)); got.String() != want {
			t.Errorf("at %d h it is %s, want %s", hour, got, want)
		}
	}
}

// A walk stays within its bounds and goes no further than a step at once.
func TestWalk(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2)).Float64
	for _, w := range []Walk{{Min: 40, Max: 90, Step: 2}, {Min: -1, Max: 1, Step: 100}, {Min: 0, Max: 1e6, Step: 1e-3}} {
		place, lowest, highest := (w.Min+w.Max)/2, w.Max, w.Min
		for range 100_000 {
			next := w.from(place, chance())
			if next < w.Min || next > w.Max || next > place+w.Step || next < place-w.Step {
				t.Fatalf("%+v goes from %v to %v", w, place, next)
			}
			place, lowest, highest = next, min(lowest, next), max(highest, next)
		}
		if lowest == highest {
			t.Errorf("%+v stays at %v", w, place)
		}
	}
}

func TestValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := started(t, `points: [
			{id: wave, wave: {min: 0, max: 10, period: 1m}}, {id: walk, walk: {min: 5, max: 6, step: 0.1}},
			{id: door, steps: [false, true, null], hold: 10s}, {id: mode, steps: [eco, boost], hold: 4s}, {id: level, steps: [1, 2.5], hold: 4s},
			{id: bell, kind: event, steps: [rung], hold: 20s}]`)
		lowest, highest := 10.0, 0.0
		for range 60 {
			u, err := d.NextUpdate(2 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			wave, _ := u.Readings[0].Value.Float()
			lowest, highest = min(lowest, wave), max(highest, wave)
		}
		if lowest < 0 || lowest > 0.1 || highest < 9.9 || highest > 10 {
			t.Errorf("the wave goes from %v to %v in a minute, want from 0 to 10", lowest, highest)
		}
		for _, want := range []any{false, true, nil, false} {
			await(t, d, "door", want, 11*time.Second)
		}
		await(t, d, "mode", "boost", 9*time.Second)
		await(t, d, "mode", "eco", 9*time.Second)
		await(t, d, "level", 2.5, 9*time.Second)
		begun := time.Now()
		for range 3 {
			if e, err := d.NextEvent(21 * time.Second); err != nil || e.ID != "bell" {
				t.Fatalf("%+v, %v; want that the bell is rung", e, err)
			}
		}
		if took := time.Since(begun); took > 62*time.Second {
			t.Errorf("the bell is rung three times in %v, want every 20 s", took)
		}
	})
}

// What is set is kept, also when the device is opened again.
func TestKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const params = `points: [{id: target, write: true, start: 18, min: 5, max: 30}, {id: fan, write: true, kind: bool},
			{id: mode, write: true, options: [eco, boost]}, {id: name, write: true, kind: text}, {id: level, write: true, min: 3}, {id: reset, kind: button}]`
		memory.Lock()
		clear(memory.kept) // of a run before
		memory.Unlock()
		d := started(t, params)
		for id, want := range map[string]any{"target": 18, "fan": false, "mode": "eco", "name": "", "level": 3} {
			await(t, d, id, want, time.Second)
		}
		for id, value := range map[string]any{"target": 20.5, "fan": true, "mode": "boost", "name": "hall", "level": 7} {
			if err := d.Set(id, value); err != nil {
				t.Errorf("%s to %v: %v", id, value, err)
			}
			await(t, d, id, value, 0)
		}
		if err := d.Press("reset"); err != nil {
			t.Error(err)
		}
		if err := d.Set("target", 40); !errors.Is(err, devices.ErrAction) {
			t.Errorf("a target of 40: %v, want that it is refused", err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		d = started(t, strings.Replace(params, "max: 30", "max: 20", 1)) // which allows 20.5 no more
		for id, want := range map[string]any{"target": 18, "fan": true, "mode": "boost", "name": "hall", "level": 7} {
			await(t, d, id, want, time.Second)
		}
	})
}

const failing = `points: [{id: target, write: true, start: 18}, {id: level, wave: {min: 1, max: 2, period: 1h}}], fail: {every: 5m, for: 30s, how: %s}`

// healthy is until when, in a bubble, the equipment of failing is well: its failures are at the ends of five minutes.
const healthy = 4*time.Minute + 30*time.Second

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := started(t, fmt.Sprintf(failing, "silent"))
		begun := time.Now()
		err := d.Failure(time.Hour)
		if gone := time.Since(begun); !errors.Is(err, errSilent) || gone < healthy || gone > healthy+10*time.Second {
			t.Errorf("after %v: %v, want that it is silent after %v", gone, err, healthy)
		}
		if _, err := devicetest.Open("sim", configured(t, fmt.Sprintf(failing, "silent"))); !errors.Is(err, errSilent) {
			t.Errorf("opened meanwhile: %v", err)
		}
		time.Sleep(30 * time.Second)
		await(t, started(t, fmt.Sprintf(failing, "silent")), "target", 18, time.Second)
	})
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := started(t, fmt.Sprintf(failing, "late"))
		for _, want := range []time.Duration{0, lateness, 0} {
			begun := time.Now()
			if err := d.Set("target", 20); err != nil || time.Since(begun) != want {
				t.Errorf("a command takes %v, %v; want %v", time.Since(begun), err, want)
			}
			time.Sleep(time.Until(begun.Truncate(5 * time.Minute).Add(healthy + time.Second)))
			if want > 0 {
				time.Sleep(30 * time.Second)
			}
		}
		if err := d.Failure(0); err != nil {
			t.Error(err)
		}
	})
}

func TestWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := started(t, fmt.Sprintf(failing, "wrong"))
		await(t, d, "target", 18, time.Second)
		time.Sleep(healthy)
		await(t, d, "target", nil, 3*time.Second)
		await(t, d, "level", nil, 0)
		if err := d.Set("target", 20); !errors.Is(err, devices.ErrAction) || !errors.Is(err, errWrong) {
			t.Errorf("a command meanwhile: %v, want that it is refused", err)
		}
		await(t, d, "target", 18, 35*time.Second)
		if err := d.Failure(0); err != nil {
			t.Error(err)
		}
	})
}

func TestFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, hungUp := time.Now(), 0
		for time.Since(begun) < 5*time.Minute {
			d := started(t, fmt.Sprintf(failing, "flap"))
			if err := d.Failure(healthy + 10*time.Second); errors.Is(err, errHungUp) {
				hungUp++
			} else if err != nil {
				t.Error(err)
			}
			_ = d.Close()
		}
		if hungUp < 10 || hungUp > 30 {
			t.Errorf("the connection has broken %d times in 30 s, want about once in 2 s", hungUp)
		}
	})
}

// A greenhouse keeps what every device has to keep.
func TestRules(t *testing.T) {
	on := messages.New(messages.Command, messages.Address{}, "FAN_ON")
	synctest.Test(t, func(t *testing.T) {
		devicetest.RunType(t, "sim", configured(t, `points: [{id: fan, write: true, kind: bool, words: {true: FAN_ON, false: FAN_OFF}},
			{id: level, walk: {min: 0, max: 1, step: 0.1}}, {id: bell, kind: event, steps: [rung]}]`), devicetest.Commands(on), devicetest.Name(t.Name()))
	})
}

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("sim")
	if err != nil {
		t.Fatal(err)
	}
	for params, says := range map[string]string{
		`points: []`:                                                        "points: there are none",
		`points: [{id: a}]`:                                                 "points[0].wave: want wave, walk, steps or write",
		`points: [{id: a, start: 5}]`:                                       "points[0].start: of what can't be set",
		`points: [{id: a, kind: event}]`:                                    "points[0].steps: missing",
		`points: [{id: a, wave: {min: 1, max: 2}}]`:                         "points[0].wave.period: missing",
		`points: [{id: a, wave: {min: 2, max: 1, period: 1m}}]`:             "points[0].wave.max: 1 is not above min, 2",
		`points: [{id: a, walk: {min: 1, max: 2}}]`:                         "points[0].walk.step: missing",
		`points: [{id: a, walk: {min: 2, max: 2, step: 1}}]`:                "points[0].walk.max: 2 is not above min, 2",
		`points: [{id: a, kind: bool, walk: {min: 1, max: 2, step: 1}}]`:    "points[0].kind: bool: want number",
		`points: [{id: a, write: true, walk: {min: 1, max: 2, step: 1}}]`:   "points[0].wave: want wave, walk, steps or write, one of them",
		`points: [{id: a, steps: [1, two]}]`:                                `points[0].steps[1]: "two", want a number`,
		`points: [{id: a, options: [x, y], steps: [x, z]}]`:                 "points[0].steps[1]: a: ",
		`points: [{id: a, kind: event, options: [x], steps: [z]}]`:          "points[0].steps[0]: a: ",
		`points: [{id: a, write: true, max: 4, start: 5}]`:                  "points[0].start: a: 5 is above 4",
		`points: [{id: a, write: true, hold: 1s}]`:                          "points[0].hold: there are no steps",
		`points: [{id: a, write: true}], fail: {every: 30s}`:                "fail.for: 30s is not less than every, 30s",
		`points: [{id: a, write: true}], fail: {every: 1m, how: explosion}`: "fail.how: ",
		`points: [{id: a, steps: [1, null, 2.5], class: flour}]`:            "points[0].class: ",
	} {
		if err := typ.Check(configured(t, params)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", params, err, says)
		}
	}
}
