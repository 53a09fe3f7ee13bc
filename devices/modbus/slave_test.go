package modbus_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// slaves are units behind one TCP port, which speak in the frames of TCP or in those of RTU.
type slaves struct {
	address string
	rtu     bool

	mu       sync.Mutex // guards what follows
	units    map[uint8]*unit
	requests []string // that came, with their units
	conns    map[net.Conn]bool
	listener net.Listener
	serving  sync.WaitGroup
}

// unit is one of them. What it doesn't have it refuses by exception 2.
type unit struct {
	registers map[modbus.Table]map[uint16]uint16 // a bit is 0 or 1
	silent    bool
	deaf      int                          // requests to come that it does not answer
	refuses   func(r modbus.Request) error // an exception; nil: as the unit has it
	stubborn  bool                         // it keeps what it has, whatever is written
	says      []modbus.Object
}

// keep puts what follows an address into a table.
func (u *unit) keep(t modbus.Table, from uint16, words ...uint16) *unit {
	if u.registers == nil {
		u.registers = make(map[modbus.Table]map[uint16]uint16)
	}
	if u.registers[t] == nil {
		u.registers[t] = make(map[uint16]uint16)
	}
	for i, w := range words {
		u.registers[t][from+uint16(i)] = w
	}
	return u
}

// plugIn starts units, which end with the test.
func plugIn(t *testing.T, rtu bool, units map[uint8]*unit) *slaves {
	t.Helper()
	s := &slaves{rtu: rtu, units: units, conns: make(map[net.Conn]bool)}
	s.listen(t, "127.0.0.1:0")
	t.Cleanup(s.unplug)
	return s
}

func (s *slaves) listen(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.address = l, l.Addr().String()
	s.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.is(func() { s.conns[conn] = true })
			s.serving.Go(func() { s.serve(conn) })
		}
	})
}

// unplug ends all connections, and takes no more.
func (s *slaves) unplug() {
	s.listener.Close()
	s.hangUp()
	s.serving.Wait()
}

// hangUp ends all connections.
func (s *slaves) hangUp() {
	s.is(func() {
		for c := range s.conns {
			c.Close()
		}
	})
}

// is changes the units.
func (s *slaves) is(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// asked returns the requests that came since it was called last.
func (s *slaves) asked() (requests []string) {
	s.is(func() { requests, s.requests = s.requests, nil })
	return requests
}

func (s *slaves) serve(conn net.Conn) {
	defer s.is(func() { delete(s.conns, conn) })
	defer conn.Close()
	var came []byte
	for {
		chunk := make([]byte, 512)
		n, err := conn.Read(chunk)
		if err != nil {
			return
		}
		for came = append(came, chunk[:n]...); len(came) > 0; {
			answer, rest, err := s.answer(came)
			if err != nil {
				return
			}
			if len(rest) == len(came) {
				break
			}
			came = rest
			if _, err := conn.Write(answer); err != nil {
				return
			}
		}
	}
}

// answer returns the frame by which the first frame that came is answered, if it is whole, and what came behind it.
func (s *slaves) answer(came []byte) (answer, rest []byte, err error) {
	if !s.rtu {
		transaction, unit, pdu, rest, err := modbus.CutTCP(came)
		if pdu == nil || err != nil {
			return nil, came, err
		}
		if pdu = s.respond(unit, pdu); pdu == nil {
			return nil, rest, nil
		}
		return modbus.AppendTCP(nil, transaction, unit, pdu), rest, nil
	}
	if len(came) < 4 || modbus.CRC(came) != 0 { // the checksum of a frame with its checksum
		return nil, came, nil
	}
	pdu := s.respond(came[0], came[1:len(came)-2])
	if pdu == nil {
		return nil, nil, nil
	}
	return modbus.AppendRTU(nil, came[0], pdu), nil, nil
}

// respond returns what a unit answers; nil: nothing.
func (s *slaves) respond(number uint8, pdu []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := modbus.ParseRequest(pdu)
	if err == nil {
		s.requests = append(s.requests, fmt.Sprintf("%d: %v", number, r))
	}
	u := s.units[number]
	if u == nil || u.silent {
		return nil
	}
	if u.deaf > 0 {
		u.deaf--
		return nil
	}
	var response modbus.Response
	if err == nil && u.refuses != nil {
		err = u.refuses(r)
	}
	if err == nil {
		response, err = u.do(r)
	}
	if refused := modbus.Exception(0); errors.As(err, &refused) {
		return modbus.AppendException(nil, modbus.Function(pdu[0]), refused)
	}
	answer, err := modbus.AppendResponse(nil, r, response)
	if err != nil {
		panic(err)
	}
	return answer
}

// do does what a request wants.
func (u *unit) do(request modbus.Request) (modbus.Response, error) {
	switch r := request.(type) {
	case modbus.Read:
		return u.read(r)
	case modbus.WriteCoil:
		return u.write(modbus.Coils, r.Address, bits(r.On)...)
	case modbus.WriteCoils:
		return u.write(modbus.Coils, r.Address, bits(r.On...)...)
	case modbus.WriteRegister:
		return u.write(modbus.HoldingRegisters, r.Address, r.Value)
	case modbus.WriteRegisters:
		return u.write(modbus.HoldingRegisters, r.Address, r.Values...)
	case modbus.Mask:
		is := u.registers[modbus.HoldingRegisters][r.Address]
		return u.write(modbus.HoldingRegisters, r.Address, is&r.And|r.Or&^r.And)
	case modbus.ReadWrite:
		if _, err := u.write(modbus.HoldingRegisters, r.To, r.Values...); err != nil {
			return nil, err
		}
		return u.read(modbus.Read{Table: modbus.HoldingRegisters, Address: r.Address, Count: r.Count})
	case modbus.Identify:
		if len(u.says) == 0 {
			return nil, modbus.IllegalFunction
		}
		return modbus.Identification{Category: r.Category, Conformity: 2, Objects: u.says}, nil
	}
	return nil, modbus.IllegalFunction
}

func bits(on ...bool) []uint16 {
	words := make([]uint16, len(on))
	for i := range on {
		if on[i] {
			words[i] = 1
		}
	}
	return words
}

func (u *unit) read(r modbus.Read) (modbus.Response, error) {
	words := make(modbus.Registers, r.Count)
	on := make(modbus.Bits, r.Count)
	for i := range words {
		word, ok := u.registers[r.Table][r.Address+uint16(i)]
		if !ok {
			return nil, modbus.IllegalDataAddress
		}
		words[i], on[i] = word, word == 1
	}
	if r.Table.Bits() {
		return on, nil
	}
	return words, nil
}

func (u *unit) write(t modbus.Table, from uint16, words ...uint16) (modbus.Response, error) {
	for i, w := range words {
		if _, ok := u.registers[t][from+uint16(i)]; !ok {
			return nil, modbus.IllegalDataAddress
		}
		if !u.stubborn {
			u.registers[t][from+uint16(i)] = w
		}
	}
	return modbus.Written{}, nil
}

// kept returns what a unit keeps.
func (s *slaves) kept(number uint8, t modbus.Table, from uint16, count int) (words []uint16) {
	s.is(func() {
		for i := range count {
			words = append(words, s.units[number].registers[t][from+uint16(i)])
		}
	})
	return words
}

// line returns the options of the line that the units are on.
func (s *slaves) line() map[string]any {
	if s.rtu {
		return map[string]any{"protocol": "modbus-rtu", "address": s.address, "baud": 115200, "timeout": "150ms", "guard": "20ms", "latency": "1ms"}
	}
	return map[string]any{"protocol": "modbus-tcp", "address": s.address, "timeout": "150ms"}
}

// params returns those of a device that is a unit.
func (s *slaves) params(number int, points ...map[string]any) map[string]any {
	list := make([]any, len(points))
	for i, p := range points {
		list[i] = p
	}
	return map[string]any{"line": s.line(), "unit": number, "every": "100ms", "points": list}
}

// point returns the options of a point.
func point(id string, more ...any) map[string]any {
	p := map[string]any{"id": id}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}
