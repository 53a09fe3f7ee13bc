package modbus

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// each runs a test over RTU and over TCP, in time of its own.
func each(t *testing.T, f func(t *testing.T, tcp bool)) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "rtu", true: "tcp"}[tcp], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, tcp) })
		})
	}
}

// requests are one of each function.
var requests = []Request{
	Read{Coils, 10, 17}, Read{DiscreteInputs, 11, 3}, Read{HoldingRegisters, 100, 125}, Read{InputRegisters, 7, 1},
	WriteCoil{3, true}, WriteRegister{4, 5}, WriteCoils{3, make([]bool, 20)}, WriteRegisters{9, []uint16{1, 2}},
	Mask{1, 2, 3}, ReadWrite{1, 2, 3, []uint16{4}}, Identify{Basic, VendorName},
}

// Each function, also as the first.
func TestFunctions(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		all := connect(t, tcp, nil)
		for _, r := range requests {
			for name, c := range map[string]*Conn{"first": connect(t, tcp, nil), "later": all} {
				if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
					t.Errorf("%s, %v: %v, %v", name, r, response, err)
				}
			}
		}
		_, err := all.Do(background, 1, Read{HoldingRegisters, 60000, 1})
		if !errors.Is(err, IllegalDataAddress) || err.Error() != "unit 1: read 1 holding register at 60000: exception 2 (illegal data address)" {
			t.Error(err)
		}
		if _, err := all.Do(background, 1, Read{HoldingRegisters, 0, 126}); !errors.Is(err, IllegalDataValue) {
			t.Error(err)
		}
	})
}

// Forty requests, four of which are answered 60 ms after the time-out: those fail, and no other one gets a late answer. Without guard time and
// memory there are wrong ones, so that the test would see them.
func TestLate(t *testing.T) {
	slow := func() func(request, right []byte) []byte {
		n := 0
		return func(_, right []byte) []byte {
			if n++; n%10 == 5 {
				time.Sleep(180 * time.Millisecond) // of which the bytes take 20
			}
			return right
		}
	}
	late := func(t *testing.T, c *Conn, before func()) (failed, wrong int) {
		for i := range 40 {
			before()
			r := Read{InputRegisters, uint16(i), 2}
			response, err := c.Do(background, 1, r)
			switch {
			case errors.Is(err, ErrTimeout):
				failed++
			case err != nil:
				t.Errorf("%d: %v", i, err)
			case !rightly(t, r, response):
				wrong++
			}
		}
		return failed, wrong
	}
	each(t, func(t *testing.T, tcp bool) {
		if failed, wrong := late(t, connect(t, tcp, slow()), func() {}); failed != 4 || wrong != 0 {
			t.Errorf("%d failed, %d wrong, want 4, 0", failed, wrong)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, false, slow())
		l := c.frames.(*rtu)
		l.options.Guard = time.Nanosecond
		if _, wrong := late(t, c, func() { l.units = [256]past{} }); wrong == 0 {
			t.Error("none is wrong: this test sees nothing")
		}
	})
}

// A network before the line that now and then holds all answers for up to ten seconds, and then delivers them in order: no wrong value,
// however much later than time-out and guard time that is. Without memory there are wrong ones.
func TestStalls(t *testing.T) {
	stalls := func(t *testing.T, before func(l *rtu)) (right, failed, wrong int) {
		rng := rand.New(rand.NewPCG(1, 2))
		var c *Conn
		var last time.Time
		var pending sync.WaitGroup
		defer pending.Wait()
		c = connect(t, false, func(_, right []byte) []byte {
			at := time.Now()
			if rng.IntN(50) == 0 {
				at = at.Add(time.Duration(rng.Int64N(int64(10 * time.Second))))
			}
			if !at.After(last) {
				at = last.Add(time.Nanosecond)
			}
			last = at
			master := c.port.rw.(*end)
			pending.Add(1)
			time.AfterFunc(time.Until(at), func() { master.in <- right; pending.Done() })
			return nil
		})
		for i := range 5000 {
			l := c.frames.(*rtu)
			before(l)
			r := Read{Table(3 + i%7/6), uint16(i), 2}
			response, err := c.Do(background, uint8(1+i%2), r)
			switch {
			case err != nil:
				failed++
			case !rightly(t, r, response):
				wrong++
			default:
				right++
			}
		}
		return right, failed, wrong
	}
	synctest.Test(t, func(t *testing.T) {
		if right, failed, wrong := stalls(t, func(*rtu) {}); wrong != 0 || right < 3000 {
			t.Errorf("%d right, %d failed, %d wrong", right, failed, wrong)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if right, failed, wrong := stalls(t, func(l *rtu) { l.units = [256]past{} }); wrong == 0 {
			t.Errorf("%d right, %d failed, none wrong: this test sees nothing", right, failed)
		}
	})
}

// Units that leave unanswered what they don't know: what they do know works, and after they have been away, each . being a request that
// is answered and each x one that isn't, they come back after one more request, and later at once.
func TestMute(t *testing.T) {
	for _, row := range []struct {
		name    string
		knows   []Function
		request Request
		away    []int // in which requests
		want    string
	}{
		{"a sensor", []Function{4}, Read{InputRegisters, 1, 2}, []int{2, 8, 14, 20}, "..xx....xx....xx....x..."},
		{"a sensor with settings", []Function{3, 6}, Read{HoldingRegisters, 1, 2}, []int{2, 8}, "..xx....xx.."},
		{"all", []Function{1, 2, 3, 4}, Read{HoldingRegisters, 1, 2}, []int{2, 8}, "..x.....x..."},
		{"a relay", []Function{1, 5}, WriteCoil{1, true}, []int{2, 8}, "..x.....x..."},
		{"a display", []Function{6}, WriteRegister{1, 1}, nil, "xxxxxx"}, // nobody knows whether there is an echo
		{"away for long", []Function{3}, Read{HoldingRegisters, 1, 2}, []int{0, 1, 2, 3, 4, 5, 6}, "xxxxxxx...."},
	} {
		synctest.Test(t, func(t *testing.T) {
			var away atomic.Bool
			c := connect(t, false, func(request, right []byte) []byte {
				if away.Load() || !slices.Contains(row.knows, Function(request[1])) {
					return nil
				}
				return right
			})
			var outcome strings.Builder
			for n := range len(row.want) {
				away.Store(slices.Contains(row.away, n))
				if _, err := c.Do(background, 1, row.request); err == nil {
					outcome.WriteByte('.')
				} else {
					outcome.WriteByte('x')
				}
			}
			if got := outcome.String(); got != row.want {
				t.Errorf("%s: %s, want %s", row.name, got, row.want)
			}
		})
	}
}

// A broadcast is answered by nobody, and is a write.
func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, false, func(request, right []byte) []byte {
			if request[0] == 0 {
				return nil
			}
			return right
		})
		begun := time.Now()
		if response, err := c.Do(background, 0, WriteRegister{1, 2}); err != nil || response != (Written{}) {
			t.Error(response, err)
		}
		if _, err := c.Do(background, 1, Read{InputRegisters, 1, 1}); err != nil || time.Since(begun) < turnaround {
			t.Errorf("%v after %v, want %v at least", err, time.Since(begun), turnaround)
		}
		if _, err := c.Do(background, 0, Read{InputRegisters, 1, 1}); text(err) != "unit 0: read 1 input register at 1: exception 1 (illegal function): nobody answers a broadcast, want a unit from 1" {
			t.Error(err)
		}
	})
}

// The context ends a request at once, also one that waits for its turn; what comes later is thrown away.
func TestContext(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		var prompt atomic.Bool
		c := connect(t, tcp, func(_, right []byte) []byte {
			if !prompt.Load() {
				time.Sleep(90 * time.Millisecond)
			}
			return right
		})
		begun := time.Now()
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
				defer cancel()
				if _, err := c.Do(ctx, 1, Read{InputRegisters, 1, 1}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTimeout) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if d := time.Since(begun); d != 50*time.Millisecond {
			t.Errorf("ended after %v, want 50ms", d)
		}
		prompt.Store(true)
		r := Read{InputRegisters, 2, 1}
		if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
			t.Error(response, err)
		}
	})
}

// Who hangs up breaks the connection for good.
func TestHungUp(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		master, other := cable()
		c := NewRTU(master, Options{})
		if tcp {
			c = NewTCP(master, Options{})
		}
		other.Close()
		for range 2 {
			if _, err := c.Do(background, 1, Read{InputRegisters, 1, 1}); !errors.Is(err, ErrBroken) || err.Error() != "unit 1: read 1 input register at 1: connection broken: EOF" {
				t.Error(err)
			}
		}
	})
}

// A request may have a time-out of its own.
func TestDoWithin(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		c := connect(t, tcp, func(_, right []byte) []byte {
			time.Sleep(250 * time.Millisecond)
			return right
		})
		r := Read{InputRegisters, 7, 1}
		if _, err := c.DoWithin(background, 400*time.Millisecond, 1, r); err != nil {
			t.Error(err)
		}
		begun := time.Now()
		_, err := c.DoWithin(background, 50*time.Millisecond, 1, r)
		if took := time.Since(begun); !errors.Is(err, ErrTimeout) || took > 100*time.Millisecond || !strings.Contains(err.Error(), "no answer within 50ms") {
			t.Errorf("%v after %v", err, took)
		}
	})
}
