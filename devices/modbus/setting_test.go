package modbus_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// What is set, by which request, and what is kept then.
func TestSet(t *testing.T) {
	holding, coil := modbus.HoldingRegisters, modbus.Coils
	by := func(n int) map[string]any { return map[string]any{"verify": true, "by": n} }
	for _, row := range []struct {
		about string
		table modbus.Table
		keeps []uint16
		point []any
		to    any
		asks  string
		kept  []uint16
	}{
		{"register", holding, []uint16{1}, []any{"write", true}, 7, "write the holding register at 100", []uint16{7}},
		{"scaled", holding, []uint16{1}, []any{"type", "int16", "scale", 0.1, "write", by(0)}, -4.5, "write the holding register at 100", []uint16{0xFFD3}},
		{"by 16", holding, []uint16{1}, []any{"write", by(16)}, 7, "write 1 holding register at 100", []uint16{7}},
		{"by 23", holding, []uint16{1}, []any{"write", by(23)}, 7, "write 1 holding register at 100 and read 1 at 100", []uint16{7}},
		{"two registers", holding, []uint16{0, 0}, []any{"type", "float32", "order", "CDAB", "write", by(0)}, 230.1, "write 2 holding registers at 100", []uint16{0x199A, 0x4366}},
		{"bit", holding, []uint16{0x00FF}, []any{"bit", 9, "write", by(0)}, true, "change bits of the holding register at 100", []uint16{0x02FF}},
		{"bit BADC", holding, []uint16{0x00FF}, []any{"bit", 9, "order", "BADC", "write", by(0)}, true, "change bits of the holding register at 100", []uint16{0x00FF}},
		{"bits", holding, []uint16{0xFFFF}, []any{"bits", "8-10", "write", by(22)}, 5, "change bits of the holding register at 100", []uint16{0xFDFF}},
		{"bits by 6", holding, []uint16{0xFFFF}, []any{"bits", "8-10", "write", by(6)}, 5, "write the holding register at 100", []uint16{0xFDFF}},
		{"bits of two registers", holding, []uint16{0xFFFF, 0xFFFF}, []any{"type", "uint32", "bits", "12-19", "write", by(0)}, 0, "write 2 holding registers at 100", []uint16{0xFFF0, 0x0FFF}},
		{"enum", holding, []uint16{0}, []any{"enum", map[string]any{"0": "off", "4": "auto"}, "write", by(0)}, "auto", "write the holding register at 100", []uint16{4}},
		{"string", holding, []uint16{0, 0}, []any{"type", "string", "registers", 2, "write", by(0)}, "abc", "write 2 holding registers at 100", []uint16{0x6162, 0x6300}},
		{"coil", coil, []uint16{0}, []any{"write", by(0)}, true, "switch the coil at 100", []uint16{1}},
		{"coil by 15", coil, []uint16{0}, []any{"write", by(15)}, true, "switch 1 coil at 100", []uint16{1}},
		{"coil with words", coil, []uint16{0}, []any{"enum", map[string]any{"0": "eco", "1": "boost"}, "write", true}, "boost", "switch the coil at 100", []uint16{1}},
	} {
		each(t, func(t *testing.T, rtu bool) {
			s := plugIn(t, rtu, map[uint8]*unit{1: new(unit).keep(row.table, 100, row.keeps...)})
			table := map[modbus.Table]string{holding: "holding", coil: "coil"}[row.table]
			p := s.params(1, point("value", append([]any{table, 100}, row.point...)...))
			p["every"] = "1h"
			d := devicetest.Start(t, "modbus", p)
			if err := d.Set("value", row.to); err != nil {
				t.Errorf("%s: %v", row.about, err)
			}
			if kept := s.kept(1, row.table, 100, len(row.kept)); !slices.Equal(kept, row.kept) {
				t.Errorf("%s: % X is kept, want % X", row.about, kept, row.kept)
			}
			if asked := s.asked(); !slices.Contains(asked, "1: "+row.asks) {
				t.Errorf("%s: asked to %q, want %q", row.about, asked, row.asks)
			}
			await(t, d, "value", row.to)
		})
	}
}

// What the slave refuses, or does not keep, is refused, and the device lives on.
func TestRefusedSet(t *testing.T) {
	s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(modbus.HoldingRegisters, 100, 200, 7, 0x00FE, 5)})
	p := s.params(1, point("target", "holding", 100, "scale", 0.1, "min", 5, "max", 60, "write", map[string]any{"verify": true}),
		point("delay", "holding", 101, "write", true), point("flag", "holding", 102, "bit", 0, "write", true),
		point("scaled", "holding", 103, "scale", "exponent", "write", true), point("exponent", "holding", 200),
		point("reset", "holding", 101, "kind", "button", "press", 0xA5))
	p["every"] = "1h"
	d := devicetest.Start(t, "modbus", p)
	refuses := func(says string, err error) {
		t.Helper()
		if !errors.Is(err, devices.ErrAction) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want that it is refused with %q", err, says)
		}
	}
	refuses("target: 21.55 is between the steps of 0.1", d.Set("target", 21.55))
	refuses("delay: 70000 is outside of 0 to 65535", d.Set("delay", 70000))
	refuses("scaled: its scale exponent is unknown", d.Set("scaled", 1))
	for _, r := range s.asked() {
		if !strings.HasPrefix(r, "1: read") {
			t.Errorf("the unit was asked to %s", r)
		}
	}
	if err := d.Press("reset"); err != nil {
		t.Error(err)
	}
	if kept := s.kept(1, modbus.HoldingRegisters, 101, 1); kept[0] != 0xA5 {
		t.Errorf("a button has written %#x", kept)
	}
	s.is(func() { s.units[1].stubborn = true })
	refuses("target: is 20 after it was set to 30", d.Set("target", 30))
	if err := d.Set("delay", 9); err != nil {
		t.Errorf("without verify: %v", err)
	}
	await(t, d, "delay", 0xA5)
	s.is(func() {
		s.units[1].refuses = func(r modbus.Request) error {
			if r.Function() == modbus.MaskWriteRegister {
				return modbus.IllegalFunction
			}
			return modbus.IllegalDataValue
		}
	})
	refuses("flag: unit 1: change bits of the holding register at 102: exception 1 (illegal function): want write: {by: …}", d.Set("flag", true))
	refuses("delay: unit 1: write the holding register at 101: exception 3", d.Set("delay", 9))
	s.is(func() { s.units[1].silent = true })
	refuses("delay: unit 1: write the holding register at 101: no answer within 150ms", d.Set("delay", 9))
	refuses("no answer", d.Read())
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
}

// A slave that is busy is asked again, for a value and for a command.
func TestBusy(t *testing.T) {
	s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(modbus.HoldingRegisters, 0, 1, 2)})
	p := s.params(1, point("a", "holding", 0), point("b", "holding", 1, "write", map[string]any{"verify": true}))
	p["every"] = "1h"
	d := devicetest.Start(t, "modbus", p)
	for range 2 { // by the opener, and by the first poll
		if _, err := d.NextUpdate(patience); err != nil {
			t.Fatal(err)
		}
	}
	s.asked()
	for _, busy := range []modbus.Exception{modbus.Acknowledge, modbus.ServerDeviceBusy} {
		times := 0
		s.is(func() {
			s.units[1].keep(modbus.HoldingRegisters, 0, uint16(10+busy))
			s.units[1].refuses = func(modbus.Request) error {
				if times++; times%3 != 0 {
					return busy
				}
				return nil
			}
		})
		if err := d.Read(); err != nil {
			t.Error(err)
		}
		await(t, d, "a", int(10+busy))
		if asked := s.asked(); len(asked) != 3 {
			t.Errorf("exception %d: asked to %q, want the same three times", busy, asked)
		}
	}
	if err := d.Set("b", 3); err != nil {
		t.Error(err)
	}
	await(t, d, "b", 3)
}
