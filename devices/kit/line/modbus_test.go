package line_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// client is a Modbus client that closes what is below it.
type client struct {
	*modbus.Conn
	io.Closer
}

// slaves are the units 1 to 5 on a serial line. The first register of each is its unit, the second the address that was asked for.
type slaves struct {
	wire   modbus.Wire
	rng    *rand.Rand
	begun  time.Time
	silent map[uint8]time.Duration // since when a unit is silent
}

// serve answers what comes over a connection. One request in ten is answered late, with a wrong checksum, in half, by another unit, or not at all.
func (s *slaves) serve(conn net.Conn) {
	frames := make(chan []byte, 100)
	go func() {
		defer close(frames)
		for {
			frame := make([]byte, 300)
			n, err := conn.Read(frame)
			if err != nil {
				return
			}
			frames <- frame[:n]
		}
	}()
	for frame := range frames {
		unit := frame[0]
		answer := modbus.AppendRTU(nil, unit, s.answer(unit, frame[1:len(frame)-2]))
		time.Sleep(s.wire.Bytes(len(frame)+len(answer)) + s.wire.Latency)
		if at, silent := s.silent[unit]; silent && time.Since(s.begun) > at {
			continue
		}
		if s.rng.IntN(10) == 0 {
			switch s.rng.IntN(5) {
			case 0:
				time.Sleep(time.Duration(s.rng.IntN(1000)) * time.Millisecond)
			case 1:
				answer[len(answer)-1] ^= 1
			case 2:
				answer = answer[:len(answer)/2]
			case 3:
				answer = modbus.AppendRTU(nil, unit%5+1, answer[1:len(answer)-2])
			case 4:
				continue
			}
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// answer returns the right answer of a unit.
func (s *slaves) answer(unit uint8, pdu []byte) []byte {
	r, err := modbus.ParseRequest(pdu)
	if err != nil {
		panic(err)
	}
	var response modbus.Response = modbus.Written{}
	if read, ok := r.(modbus.Read); ok {
		if read.Table.Bits() {
			return modbus.AppendException(nil, r.Function(), modbus.IllegalFunction)
		}
		registers := make(modbus.Registers, read.Count)
		copy(registers, []uint16{uint16(unit), read.Address})
		response = registers
	}
	answer, err := modbus.AppendResponse(nil, r, response)
	if err != nil {
		panic(err)
	}
	return answer
}

// Twenty minutes of five Modbus slaves at 9600 bit/s, which misbehave, and of which one is silent from the fifth minute on: no value is wrong, the
// others are polled all the time, a command waits for one request at most.
func TestModbus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := modbus.Wire{Baud: 9600, Latency: 20 * time.Millisecond}
		s := &slaves{wire, rand.New(rand.NewPCG(1, 2)), time.Now(), map[uint8]time.Duration{5: 5 * time.Minute}}
		var serving sync.WaitGroup
		defer serving.Wait()
		cellar := line.New(line.Options[client]{
			Name: "cellar",
			Open: func(context.Context) (client, error) {
				master, other := net.Pipe()
				serving.Go(func() { s.serve(other) })
				return client{modbus.NewRTU(master, modbus.Options{Timeout: 300 * time.Millisecond, Wire: wire}), master}, nil
			},
			Judge: func(err error) line.Verdict {
				var refused modbus.Exception
				switch {
				case errors.As(err, &refused):
					return line.Answered
				case errors.Is(err, modbus.ErrBroken):
					return line.Broken
				}
				return line.Failed
			},
		})
		defer cellar.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		var wait sync.WaitGroup
		var mu sync.Mutex
		good, bad := map[uint8]int{}, map[uint8]int{}
		for unit := uint8(1); unit <= 5; unit++ {
			var polled []line.Polled[client]
			for _, address := range []uint16{100, 200} {
				polled = append(polled, line.Polled[client]{Every: 5 * time.Second, Ask: func(ctx context.Context, c client) error {
					response, err := c.Do(ctx, unit, modbus.Read{Table: modbus.InputRegisters, Address: address, Count: 10})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						bad[unit]++
						return err
					}
					if r := response.(modbus.Registers); r[0] != uint16(unit) || r[1] != address {
						t.Errorf("unit %d, %d: %v", unit, address, r)
					}
					good[unit]++
					return nil
				}})
			}
			wait.Go(func() {
				for back := time.Second; ctx.Err() == nil; back = min(2*back, time.Minute) {
					begun := time.Now()
					_ = cellar.Poll(ctx, int(unit), polled...)
					if time.Since(begun) > 30*time.Second {
						back = time.Second
					}
					time.Sleep(back)
				}
			})
		}
		longest := time.Duration(0)
		for ctx.Err() == nil {
			time.Sleep(3 * time.Second)
			asked := time.Now()
			_ = cellar.Do(ctx, line.Write, 1, func(ctx context.Context, c client) error {
				longest = max(longest, time.Since(asked))
				_, err := c.Do(ctx, 1, modbus.WriteRegister{Address: 7, Value: 8})
				return err
			})
		}
		wait.Wait()
		for unit := uint8(1); unit <= 4; unit++ {
			// A unit that happens to fail three times in a row is opened again, and polled at once.
			if n := good[unit] + bad[unit]; n < 450 || n > 500 || good[unit] < 370 {
				t.Errorf("unit %d: %d polls answered, %d failed, want about 480, most of them answered", unit, good[unit], bad[unit])
			}
		}
		if good[5] < 80 || bad[5] > 60 {
			t.Errorf("the silent unit: %d polls answered, %d failed, want few that fail", good[5], bad[5])
		}
		// Guard time, a request that finds out whether late answers can come, and one that fails.
		if longest > time.Second {
			t.Errorf("a command has waited %v", longest)
		}
	})
}
