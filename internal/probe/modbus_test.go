package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// equipment answers for units over TCP. A unit that answers neither a response nor an exception is silent.
type equipment func(unit uint8, r modbus.Request) (modbus.Response, modbus.Exception)

func (e equipment) connect(t *testing.T) *modbus.Conn {
	master, slave := net.Pipe()
	t.Cleanup(func() { master.Close() })
	go func() {
		defer slave.Close()
		var buf []byte
		for {
			some := make([]byte, 300)
			n, err := slave.Read(some)
			if err != nil {
				return
			}
			transaction, unit, pdu, rest, err := modbus.CutTCP(append(buf, some[:n]...))
			if buf = rest; pdu == nil || err != nil {
				continue
			}
			r, err := modbus.ParseRequest(pdu)
			if err != nil {
				t.Error(err)
				return
			}
			response, refused := e(unit, r)
			var answer []byte
			switch {
			case refused != 0:
				answer = modbus.AppendException(nil, r.Function(), refused)
			case response == nil:
				continue
			default:
				if answer, err = modbus.AppendResponse(nil, r, response); err != nil {
					t.Error(err)
				}
			}
			_, _ = slave.Write(modbus.AppendTCP(nil, transaction, unit, answer))
		}
	}()
	return modbus.NewTCP(master, modbus.Options{Timeout: time.Second})
}

// meter has holding registers 10 to 29, each with its number, and coils; it says who it is in two answers.
func meter(requests *int) equipment {
	return func(_ uint8, r modbus.Request) (modbus.Response, modbus.Exception) {
		*requests++
		switch r := r.(type) {
		case modbus.Read:
			if r.Table == modbus.Coils {
				return make(modbus.Bits, r.Count), 0
			}
			if r.Table != modbus.HoldingRegisters {
				return nil, modbus.IllegalFunction
			}
			if r.Address < 10 || int(r.Address)+r.Count > 30 {
				return nil, modbus.IllegalDataAddress
			}
			registers := make(modbus.Registers, r.Count)
			for i := range registers {
				registers[i] = r.Address + uint16(i)
			}
			return registers, 0
		case modbus.Identify:
			switch {
			case r.Category != modbus.Basic:
				return nil, modbus.IllegalDataValue
			case r.Object == 0:
				return modbus.Identification{Category: r.Category, More: true, Next: 1, Objects: []modbus.Object{{ID: 0, Text: "Nobody & Sons"}}}, 0
			}
			return modbus.Identification{Category: r.Category, Objects: []modbus.Object{{ID: 1, Text: "NX-1 "}, {ID: 2, Text: "\xff1.0"}, {ID: 0x80, Text: "private"}}}, 0
		}
		return nil, modbus.IllegalFunction
	}
}

// What a slave refuses is found out register by register, in few requests.
func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s := &Slave{Conn: meter(&requests).connect(t), Unit: 1, Base: 1}
		far := 0
		found, err := s.Read(t.Context(), modbus.HoldingRegisters, Range{1, 60}, func(done, _ int) { far = done })
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%d+%d %d %v", f.First, f.Count, len(f.Registers), f.Err))
		}
		want := []string{
			"1+10 0 exception 2 (illegal data address)", "11+20 20 <nil>", "31+30 0 exception 2 (illegal data address)",
		}
		if err != nil || !reflect.DeepEqual(got, want) || far != 60 || found[1].Registers[0] != 10 || found[1].Registers[19] != 29 {
			t.Errorf("%v, %q, want %q", err, got, want)
		}
		if requests > 130 {
			t.Errorf("it took %d requests", requests)
		}
		found, err = s.Read(t.Context(), modbus.InputRegisters, Range{1, 60}, func(int, int) {})
		if err != nil || len(found) != 1 || found[0].String() != "input registers 1 to 60: exception 1 (illegal function)\n" {
			t.Errorf("%v, %v", err, found)
		}
		found, err = s.Read(t.Context(), modbus.Coils, Range{1, 1}, func(int, int) {})
		if err != nil || len(found) != 1 || found[0].String() != "coil 1\n\n"+Bits(1, []bool{false}) {
			t.Errorf("%v, %v", err, found)
		}
		s.Most, requests = 5, 0
		if found, err = s.Read(t.Context(), modbus.HoldingRegisters, Range{11, 30}, func(int, int) {}); err != nil || len(found) != 1 || requests != 4 {
			t.Errorf("5 registers a request: %v in %d requests, %v", found, requests, err)
		}
		who, err := s.Identify(t.Context())
		if want := `vendor "Nobody & Sons", product "NX-1", revision "\xff1.0"`; err != nil || who != want {
			t.Errorf("it is %s, %v, want %s", who, err, want)
		}
	})
}

// A slave that falls silent loses nothing of what it has said before.
func TestReadSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := equipment(func(_ uint8, r modbus.Request) (modbus.Response, modbus.Exception) {
			if read, ok := r.(modbus.Read); ok && read.Address == 0 {
				return make(modbus.Registers, read.Count), 0
			}
			return nil, 0
		})
		s := &Slave{Conn: silent.connect(t), Unit: 1, Most: 10}
		found, err := s.Read(t.Context(), modbus.HoldingRegisters, Range{0, 20}, func(int, int) {})
		if !errors.Is(err, modbus.ErrTimeout) || len(found) != 1 || found[0].Count != 10 {
			t.Errorf("%v, %v", found, err)
		}
		if who, err := s.Identify(t.Context()); who != "" || err != nil {
			t.Errorf("it is %s, %v", who, err)
		}
	})
}

func TestScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := equipment(func(unit uint8, r modbus.Request) (modbus.Response, modbus.Exception) {
			switch unit {
			case 3:
				return modbus.Registers{0}, 0
			case 5:
				return nil, modbus.IllegalDataAddress
			case 7:
				return nil, modbus.GatewayTargetDeviceFailedToRespond
			}
			return nil, 0
		})
		conn := house.connect(t)
		var got []string
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		err := Scan(ctx, conn, Range{1, 10}, modbus.Read{Table: modbus.HoldingRegisters, Count: 1}, func(int) { asked++ },
			func(unit uint8, refused error) { got = append(got, fmt.Sprint(unit, " ", refused)) })
		if want := "3 <nil>; 5 exception 2 (illegal data address)"; err != nil || strings.Join(got, "; ") != want || asked != 10 {
			t.Errorf("found %q, %v, after %d units", got, err, asked)
		}
		cancel()
		if err := Scan(ctx, conn, Range{1, 10}, modbus.Read{Table: modbus.Coils, Count: 1}, func(int) {}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %v", err)
		}
	})
}
