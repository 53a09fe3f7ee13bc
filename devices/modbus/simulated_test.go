package modbus

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// simulated are slaves at the other end of a pipe, in the time of a synctest bubble. Each two registers from an even address on keep one
// number: the unit, half of the address, and when it was asked for, in tenths of a second. What is written nobody keeps.
type simulated struct {
	wire  modbus.Wire
	tcp   bool
	begun time.Time
	// misbehave returns what is sent instead of the right answer to a request; false: the right answer.
	misbehave func(rng *rand.Rand, s *simulated, request, right []byte) (sent []late, wrong bool)
	silent    func(unit uint8) bool

	serving sync.WaitGroup
	mu      sync.Mutex // guards what follows
	rng     *rand.Rand
	asked   []asked
	wrong   int // answers
}

// late is a part of an answer, and how much later than it should it is sent.
type late struct {
	by    time.Duration
	bytes []byte
}

// asked is a request that came.
type asked struct {
	at       time.Time
	unit     uint8
	function modbus.Function
}

// number is what registers keep.
func (s *simulated) number(unit uint8, address int, at time.Time) uint32 {
	return uint32(unit)<<24 | uint32(address/2&0xFF)<<16 | uint32(at.Sub(s.begun)/(100*time.Millisecond))&0xFFFF
}

// pipe are the options of a line of simulated slaves.
type pipe struct {
	Name string `koanf:"pipe"`
}

// simulations are the slaves by the names of their pipes.
var simulations sync.Map

func init() {
	lines.Register("test-pipe", func(p pipe) string { return p.Name }, func(name string, p pipe) (*bus, error) {
		s, _ := simulations.Load(p.Name)
		return s.(*simulated).bus(name), nil
	}, "slaves of the tests")
}

func (s *simulated) bus(name string) *bus {
	set := modbus.Options{Timeout: 300 * time.Millisecond, Wire: s.wire}
	speak, tolerance := func(m medium) *modbus.Conn { return modbus.NewRTU(m, set) }, 0
	if s.tcp {
		speak, tolerance = func(m medium) *modbus.Conn { return modbus.NewTCP(m, set) }, patience
	}
	return newBus(name, set, tolerance, opening{medium: func(context.Context) (medium, error) {
		master, other := net.Pipe()
		s.serving.Go(func() { s.serve(other) })
		return master, nil
	}, speak: speak})
}

// params returns those of a device that is a unit, with three numbers that it reads by two requests.
func (s *simulated) params(name string, unit int, every time.Duration) map[string]any {
	return map[string]any{"line": map[string]any{"protocol": "test-pipe", "pipe": name, "name": name}, "unit": unit, "every": every.String(), "points": []any{
		map[string]any{"id": "p0", "input": 0, "type": "uint32"}, map[string]any{"id": "p1", "input": 2, "type": "uint32"},
		map[string]any{"id": "p2", "holding": 4, "type": "uint32"}, map[string]any{"id": "order", "holding": 100, "write": true, "every": "24h"},
	}}
}

// serve answers what comes over a connection.
func (s *simulated) serve(conn net.Conn) {
	defer conn.Close()
	answers := make(chan late, 1000)
	s.serving.Go(func() {
		defer conn.Close()
		for a := range answers {
			time.Sleep(time.Until(s.begun.Add(a.by)))
			if _, err := conn.Write(a.bytes); err != nil {
				for range answers {
				}
				return
			}
		}
	})
	defer close(answers)
	var last time.Duration // when the latest answer is sent; those behind it wait
	for {
		frame := make([]byte, 300)
		n, err := conn.Read(frame)
		if err != nil {
			return
		}
		for _, a := range s.answer(frame[:n]) {
			a.by += time.Since(s.begun) + s.wire.Bytes(n+len(a.bytes)) + s.wire.Latency
			if !s.tcp && a.by < last && a.bytes[0] != frame[0] {
				continue // no master can tell who has sent what another unit seems to say much later, while that one is asked
			}
			last = max(last, a.by)
			answers <- a
		}
	}
}

// answer returns what is sent for a request.
func (s *simulated) answer(frame []byte) []late {
	s.mu.Lock()
	defer s.mu.Unlock()
	unit, pdu := frame[0], frame[1:max(len(frame)-2, 1)]
	var transaction uint16
	if s.tcp {
		transaction, unit, pdu, _, _ = modbus.CutTCP(frame)
	}
	request, err := modbus.ParseRequest(pdu)
	if err != nil {
		panic(err)
	}
	s.asked = append(s.asked, asked{time.Now(), unit, request.Function()})
	if s.silent != nil && s.silent(unit) {
		return nil
	}
	var response modbus.Response = modbus.Written{}
	if r, ok := request.(modbus.Read); ok {
		registers := make(modbus.Registers, r.Count)
		for i := range registers {
			at := int(r.Address) + i
			n := s.number(unit, at, time.Now())
			registers[i] = uint16(n >> (16 * (1 - at%2)))
		}
		response = registers
		if r.Table.Bits() {
			response = make(modbus.Bits, r.Count)
		}
	}
	right, err := modbus.AppendResponse(nil, request, response)
	if err != nil {
		panic(err)
	}
	if s.tcp {
		right = modbus.AppendTCP(nil, transaction, unit, right)
	} else {
		right = modbus.AppendRTU(nil, unit, right)
	}
	if s.misbehave != nil {
		if sent, wrong := s.misbehave(s.rng, s, frame, right); wrong {
			s.wrong++
			return sent
		}
	}
	return []late{{0, right}}
}

// since returns the requests that came from a time on.
func (s *simulated) since(at time.Time) []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := slices.IndexFunc(s.asked, func(a asked) bool { return !a.at.Before(at) })
	if from < 0 {
		return nil
	}
	return slices.Clone(s.asked[from:])
}

// badly is how one answer in ten goes wrong.
func badly(rng *rand.Rand, s *simulated, request, right []byte) (sent []late, wrong bool) {
	if rng.IntN(10) != 0 {
		return nil, false
	}
	other := bytes.Clone(right)
	noise := make([]byte, 1+rng.IntN(40))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	if s.tcp {
		return badlyTCP(rng, request, right, noise), true
	}
	switch rng.IntN(9) {
	case 0: // late
		return []late{{time.Duration(rng.IntN(2000)) * time.Millisecond, right}}, true
	case 1: // a wrong checksum
		other[rng.IntN(len(other))] ^= 1 << rng.IntN(8)
		return []late{{0, other}}, true
	case 2: // cut short, and the rest later
		cut := 1 + rng.IntN(len(right)-1)
		return []late{{0, right[:cut]}, {time.Duration(rng.IntN(1000)) * time.Millisecond, right[cut:]}}, true
	case 3: // cut short
		return []late{{0, right[:1+rng.IntN(len(right)-1)]}}, true
	case 4: // an echo
		return []late{{0, append(bytes.Clone(request), right...)}}, true
	case 5: // noise before, or instead
		return []late{{0, noise}}, true
	case 6:
		return []late{{0, append(noise, right...)}}, true
	case 7: // another unit
		return []late{{0, modbus.AppendRTU(nil, right[0]%5+1, right[1:len(right)-2])}}, true
	}
	return nil, true // silence
}

func badlyTCP(rng *rand.Rand, request, right, noise []byte) []late {
	other := bytes.Clone(right)
	switch rng.IntN(7) {
	case 0: // late
		return []late{{time.Duration(rng.IntN(2000)) * time.Millisecond, right}}
	case 1: // another transaction
		other[1]++
		return []late{{0, other}}
	case 2: // cut short: whatever comes next stands behind it
		return []late{{0, right[:1+rng.IntN(len(right)-1)]}}
	case 3: // an echo
		return []late{{0, append(bytes.Clone(request), right...)}}
	case 4: // noise
		return []late{{0, append(noise, right...)}}
	case 5: // another unit
		other[6] = other[6]%5 + 1
		return []late{{0, other}}
	}
	return nil // silence
}
