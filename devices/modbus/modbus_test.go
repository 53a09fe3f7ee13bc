package modbus_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

// each runs a test over both kinds of frames.
func each(t *testing.T, test func(t *testing.T, rtu bool)) {
	for _, rtu := range []bool{false, true} {
		t.Run(map[bool]string{false: "tcp", true: "rtu"}[rtu], func(t *testing.T) { test(t, rtu) })
	}
}

// What registers keep, and the value that it is.
func TestPoints(t *testing.T) {
	holding, input, coil, discrete := modbus.HoldingRegisters, modbus.InputRegisters, modbus.Coils, modbus.DiscreteInputs
	mode := map[string]any{"0": "off", "1": "heat", "0x04": "auto"}
	for _, row := range []struct {
		about string
		table modbus.Table
		keeps []uint16 // from register 100 on
		point []any
		want  any
	}{
		{"the default", holding, []uint16{65535}, nil, 65535},
		{"int16", input, []uint16{0xFFD3}, []any{"type", "int16", "scale", 0.1}, -4.5},
		{"digits are kept", holding, []uint16{2301}, []any{"scale", 0.1}, 230.1},
		{"a scale that is whole", holding, []uint16{12}, []any{"scale", 100}, 1200},
		{"int32", holding, []uint16{0xFFFF, 0xFFFE}, []any{"type", "int32"}, -2},
		{"uint32", holding, []uint16{1, 2}, []any{"type", "uint32"}, 65538},
		{"uint32 CDAB", holding, []uint16{2, 1}, []any{"type", "uint32", "order", "CDAB"}, 65538},
		{"uint32 DCBA", holding, []uint16{0x0200, 0x0100}, []any{"type", "uint32", "order", "DCBA"}, 65538},
		{"uint32 BADC", holding, []uint16{0x0100, 0x0200}, []any{"type", "uint32", "order", "BADC"}, 65538},
		{"int64", holding, []uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFD}, []any{"type", "int64"}, -3},
		{"uint64", holding, []uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, []any{"type", "uint64"}, uint64(1<<64 - 1)},
		{"float32", input, []uint16{0x4366, 0x199A}, []any{"type", "float32"}, 230.1},
		{"float32 CDAB", input, []uint16{0x199A, 0x4366}, []any{"type", "float32", "order", "CDAB"}, 230.1},
		{"float64", input, []uint16{0x3FF0, 0, 0, 0}, []any{"type", "float64", "scale", 1000}, 1000},
		{"NaN", input, []uint16{0x7FC0, 0}, []any{"type", "float32"}, nil},
		{"bcd16", holding, []uint16{0x1234}, []any{"type", "bcd16"}, 1234},
		{"bcd32", holding, []uint16{0x0012, 0x3456}, []any{"type", "bcd32", "scale", 0.01}, 1234.56},
		{"no BCD", holding, []uint16{0x12AB}, []any{"type", "bcd16"}, nil},
		{"unknown", holding, []uint16{0x8000}, []any{"type", "int16", "unknown", []any{0x8000}}, nil},
		{"bit", holding, []uint16{0x0020}, []any{"bit", 5}, true},
		{"another bit", holding, []uint16{0x0020}, []any{"bit", 4}, false},
		{"bit of two registers", holding, []uint16{0x0001, 0}, []any{"type", "uint32", "bit", 16}, true},
		{"bits", holding, []uint16{0x0512}, []any{"bits", "8-10"}, 5},
		{"bits that are words", holding, []uint16{0x0410}, []any{"bits", "8-11", "enum", mode}, "auto"},
		{"enum", holding, []uint16{1}, []any{"enum", mode}, "heat"},
		{"enum without a word", holding, []uint16{9}, []any{"enum", mode}, nil},
		{"bool of a register", holding, []uint16{3}, []any{"kind", "bool"}, true},
		{"string", holding, []uint16{0x5349, 0x4D20, 0}, []any{"type", "string", "registers", 3}, "SIM"},
		{"string BADC", holding, []uint16{0x4953, 0x004D}, []any{"type", "string", "registers", 2, "order", "BADC"}, "SIM"},
		{"coil", coil, []uint16{1}, nil, true},
		{"discrete", discrete, []uint16{0}, nil, false},
		{"coil with words", coil, []uint16{1}, []any{"enum", map[string]any{"0": "eco", "1": "boost"}}, "boost"},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(row.table, 100, row.keeps...)})
			table := map[modbus.Table]string{holding: "holding", input: "input", coil: "coil", discrete: "discrete"}[row.table]
			d := devicetest.Start(t, "modbus", s.params(1, point("value", append([]any{table, 100}, row.point...)...)))
			if row.want != nil {
				await(t, d, "value", row.want)
				return
			}
			u, err := d.NextUpdate(patience)
			if err != nil || u.Readings[0].ID != "value" || u.Readings[0].Err == nil {
				t.Errorf("%v, %v, want that it is unknown, and why", u, err)
			}
		})
	}
}

// Numbers from 1 on, values that are made of others, scales that the slave keeps as well.
func TestMadeOfOthers(t *testing.T) {
	each(t, func(t *testing.T, rtu bool) {
		s := plugIn(t, rtu, map[uint8]*unit{7: new(unit).keep(modbus.HoldingRegisters, 39, 215, 300, 1234, 0xFFFE, 0x8000)})
		p := s.params(7, point("outside", "holding", 40, "scale", 0.1), point("inside", "holding", 41, "scale", 0.1),
			point("difference", "value", "$inside - $outside"), point("warm", "kind", "bool", "value", "$inside > 25"),
			point("power", "holding", 42, "type", "int16", "scale", "power_sf"), point("power_sf", "holding", 43, "type", "int16", "hidden", true),
			point("current", "holding", 42, "scale", "current_sf"), point("current_sf", "holding", 44, "type", "int16", "unknown", []any{0x8000}))
		p["base"] = 1
		d := devicetest.Start(t, "modbus", p)
		for id, want := range map[string]any{"outside": 21.5, "difference": 8.5, "warm": true, "power": 12.34, "current": nil} {
			await(t, d, id, want)
		}
		s.is(func() { s.units[7].keep(modbus.HoldingRegisters, 39, 300, 200, 1234, 1, 0) })
		for id, want := range map[string]any{"difference": -10, "warm": false, "power": 12340, "current": 1234} {
			await(t, d, id, want)
		}
		for _, r := range s.asked() {
			if r != "7: read 5 holding registers at 39" {
				t.Errorf("the unit was asked to %s, want all in one request", r)
			}
		}
	})
}

// A hole in which there is nothing is left out from then on, also by the device that comes next; a point that is not there is
// unknown alone.
func TestHoles(t *testing.T) {
	s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(modbus.InputRegisters, 0, 10, 11).keep(modbus.InputRegisters, 4, 14)})
	d := devicetest.Start(t, "modbus", s.params(1, point("a", "input", 0), point("b", "input", 1), point("c", "input", 4), point("d", "input", 5)))
	for id, want := range map[string]any{"a": 10, "b": 11, "c": 14, "d": nil} {
		await(t, d, id, want)
	}
	for {
		u, err := d.NextUpdate(patience)
		if err != nil {
			t.Fatal(err)
		}
		if r := u.Readings[0]; r.ID == "d" {
			if r.Err == nil || !strings.Contains(r.Err.Error(), "exception 2 (illegal data address)") {
				t.Errorf("d is unknown because of %v", r.Err)
			}
			break
		}
	}
	s.asked()
	if err := d.Read(); err != nil {
		t.Error(err)
	}
	want := []string{"1: read 1 input register at 4", "1: read 1 input register at 5", "1: read 2 input registers at 0"}
	asked := s.asked()
	slices.Sort(asked)
	if asked = slices.Compact(asked); !slices.Equal(asked, want) {
		t.Errorf("asked to %q, want %q", asked, want)
	}
	another := devicetest.Start(t, "modbus", s.params(1, point("a", "input", 0), point("b", "input", 1), point("c", "input", 4), point("d", "input", 5)),
		devicetest.Name("another"))
	await(t, another, "c", 14)
	for _, r := range s.asked() {
		if r == "1: read 6 input registers at 0" {
			t.Errorf("another device on the line asks to %s again", r)
		}
	}
}

// A point that never had a value is reported, once.
func TestNeverKnown(t *testing.T) {
	s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(modbus.InputRegisters, 0, 10)})
	d := devicetest.Start(t, "modbus", s.params(1, point("a", "input", 0), point("b", "holding", 1), point("c", "input", 0, "unknown", []any{10})))
	reported := map[string]int{}
	for polls := 0; polls < 20; polls++ {
		if _, err := d.NextUpdate(patience); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range d.Reports() {
		id, _, _ := strings.Cut(err.Error(), " ")
		reported[id]++
	}
	if want := map[string]int{"b": 1, "c": 1}; !maps.Equal(reported, want) {
		t.Errorf("reported %v, want %v: %v", reported, want, d.Reports())
	}
}

// A recording that has come to its end is reported, once, and the line goes on.
func TestRecordingEnds(t *testing.T) {
	s := plugIn(t, false, map[uint8]*unit{1: new(unit).keep(modbus.InputRegisters, 0, 10)})
	full := filepath.Join(t.TempDir(), "line.jsonl")
	if err := os.WriteFile(full, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(full, recording.MaxSize); err != nil { // a hole, which takes no room
		t.Fatal(err)
	}
	params := s.params(1, point("a", "input", 0))
	params["line"].(map[string]any)["record"] = full
	d := devicetest.Start(t, "modbus", params)
	for range 5 {
		if _, err := d.NextUpdate(patience); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Reports(); len(got) != 1 || !strings.Contains(got[0].Error(), "is not made larger") {
		t.Errorf("reported %v", got)
	}
}
