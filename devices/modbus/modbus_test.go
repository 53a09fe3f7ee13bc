package modbus_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
	"github.com/mqttgateway/mqttgateway/messages"
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

// Who the slave is it says itself, if it is asked.
func TestIdentify(t *testing.T) {
	for _, says := range [][]modbus.Object{nil, {{ID: modbus.VendorName, Text: "Nibe"}, {ID: modbus.ProductCode, Text: "S1155"}, {ID: modbus.MajorMinorRevision, Text: "4.1"}}} {
		s := plugIn(t, true, map[uint8]*unit{1: new(unit).keep(modbus.InputRegisters, 0, 10)})
		s.units[1].says = says
		p := s.params(1, point("a", "input", 0))
		p["identify"] = true
		p["about"] = map[string]any{"manufacturer": "Nibe AB"}
		d := devicetest.Start(t, "modbus", p)
		await(t, d, "a", 10)
		info := d.View("info")
		if !strings.Contains(info, `"Nibe AB"`) || strings.Contains(info, `"S1155"`) != (says != nil) || !strings.Contains(info, `"a"`) {
			t.Errorf("described as %s", info)
		}
	}
}

// Whoever doesn't answer, or is not what the probe wants, is not open, for one request each time.
func TestOpen(t *testing.T) {
	each(t, func(t *testing.T, rtu bool) {
		s := plugIn(t, rtu, map[uint8]*unit{
			1: new(unit).keep(modbus.InputRegisters, 0, 0x4366, 0x199A).keep(modbus.HoldingRegisters, 0, 0x5375, 0x6E53), 9: {silent: true},
			10: {refuses: func(modbus.Request) error { return modbus.GatewayTargetDeviceFailedToRespond }},
			11: {refuses: func(modbus.Request) error { return modbus.IllegalFunction }},
		})
		probing := func(unit int, more ...any) map[string]any {
			p := s.params(unit, point("a", "input", 0, "type", "float32"))
			if len(more) > 0 {
				p["probe"] = point("", more...)
				delete(p["probe"].(map[string]any), "id")
			}
			return p
		}
		for _, row := range []struct {
			params map[string]any
			says   string // "": it opens
		}{
			{probing(1), ""},
			{probing(1, "input", 0, "type", "float32", "between", []any{50, 300}), ""},
			{probing(1, "holding", 0, "type", "string", "registers", 2, "is", "SunS"), ""},
			{probing(11), ""},
			{probing(1, "input", 0, "type", "float32", "between", []any{300, 500}), "unit 1 is not what it is taken for: input 0 is 230.1, want 300 to 500"},
			{probing(1, "holding", 0, "type", "string", "registers", 2, "is", "Fun"), `unit 1 is not what it is taken for: holding 0 is "SunS", want "Fun"`},
			{probing(1, "input", 50), "exception 2 (illegal data address)"},
			{probing(9), "unit 9: no answer within 150ms"},
			{probing(10), "exception 11 (gateway target device failed to respond)"},
		} {
			s.asked()
			d, err := devicetest.Open("modbus", row.params)
			if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says) || errors.Is(err, devices.ErrConfig)) {
				t.Errorf("%v: %v, want %q", row.params, err, row.says)
			}
			if d != nil {
				_ = d.Close()
			} else if asked := s.asked(); len(asked) != 1 {
				t.Errorf("%s: asked to %q, want one request", row.says, asked)
			}
		}
		s.unplug()
		if _, err := devicetest.Open("modbus", probing(1)); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("of nobody: %v", err)
		}
		s.listen(t, s.address)
		d := devicetest.Start(t, "modbus", probing(1))
		await(t, d, "a", 230.1)
		s.is(func() { s.units[1].silent = true })
		if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "unit 1: no answer within 150ms") {
			t.Errorf("a slave falls silent: %v", err)
		}
	})
}

// A slave keeps what every device has to keep.
func TestRules(t *testing.T) {
	each(t, func(t *testing.T, rtu bool) {
		s := plugIn(t, rtu, map[uint8]*unit{1: new(unit).keep(modbus.HoldingRegisters, 0, 1, 2).keep(modbus.Coils, 0, 0), 2: new(unit).keep(modbus.HoldingRegisters, 0, 1, 2).keep(modbus.Coils, 0, 0), 9: {silent: true}})
		on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("relay", messages.BoolValue(true))
		of := func(unit int) map[string]any {
			return s.params(unit, point("a", "holding", 0), point("b", "holding", 1, "write", true), point("relay", "coil", 0, "write", map[string]any{"verify": true}))
		}
		devicetest.RunType(t, "modbus", of(1), devicetest.Commands(on), devicetest.Mute(of(9)), devicetest.Beside(of(2)),
			devicetest.Break(func() { s.is(func() { s.units[1].deaf = 3 }) }))
	})
}

// All that is wrong with parameters is told at once, each at its option.
func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("modbus")
	if err != nil {
		t.Fatal(err)
	}
	line := map[string]any{"protocol": "modbus-tcp", "address": "plc.lan"}
	of := func(more ...any) map[string]any {
		return map[string]any{"line": line, "unit": 1, "points": []any{point("a", more...)}}
	}
	with := func(key string, value any) map[string]any {
		p := of("holding", 1)
		p[key] = value
		return p
	}
	for _, row := range []struct {
		params map[string]any
		says   string // "": nothing
	}{
		{of("holding", 1), ""},
		{with("line", map[string]any{"protocol": "modbus-tcp", "address": "[fe80::1]:1502"}), ""},
		{with("line", map[string]any{"protocol": "modbus-rtu", "port": "/dev/ttyUSB0"}), ""},
		{with("line", map[string]any{"protocol": "modbus-rtu"}), "line: want port, or address, one of them"},
		{with("line", map[string]any{"protocol": "modbus-rtu", "address": "box"}), `line.address: "box"`},
		{with("gap", "wide"), `gap: "wide", want auto, or a number of registers`},
		{with("gap", 3), ""},
		{with("unit", 300), "unit: 300 is out of range"},
		{with("order", "ABDC"), "order: "},
		{with("points", []any{}), "points: none is read"},
		{with("probe", map[string]any{"is": "SunS"}), "probe: nowhere"},
		{with("probe", map[string]any{"holding": 0, "type": "string", "registers": 2}), "probe.is: of a string"},
		{with("probe", map[string]any{"holding": 0, "between": []any{3}}), "probe.between: [3], want the lowest and the highest"},
		{with("points", []any{point("a", "holding", 0), point("a", "holding", 1)}), `points[1].id: "a" is that of points[0] as well`},
		{with("points", []any{point("a", "holding", 0, "words", map[string]any{"1": "X"}, "write", true, "class", "flour"), point("b", "holding", 1, "type", "int24"),
			point("c", "coil", 70000)}), "points[0].class: "},
		{of(), "points[0]: nowhere: want coil, discrete, holding or input"},
		{of("holding", 1, "input", 2), "points[0]: coil, discrete, holding and input exclude each other"},
		{of("holding", 65535, "type", "uint32"), "points[0].holding: "},
		{of("holding", 65536), "points[0].holding: 65536 is out of range: want 0 to 65535, for base is 0"},
		{of("holding", 1, "type", "int24"), `points[0].type: "int24", want one of bcd16`},
		{of("holding", 1, "type", "string"), "points[0].registers: missing"},
		{of("holding", 1, "type", "int32", "registers", 3), "points[0].registers: 3 of int32, want none"},
		{of("coil", 1, "type", "int16"), "points[0].type: of a bit"},
		{of("coil", 1, "kind", "number"), "points[0].kind: a number of a bit"},
		{of("holding", 1, "bit", 16), "points[0].bit: 16, want 0 to 15"},
		{of("holding", 1, "bits", "10-8"), `points[0].bits: "10-8"`},
		{of("holding", 1, "bits", "8-16"), `points[0].bits: "8-16", want the lowest and the highest of 0 to 15`},
		{of("holding", 1, "bit", 1, "bits", "1-2"), "points[0].bits: there is bit as well"},
		{of("holding", 1, "type", "float32", "bit", 1), "points[0].bits: some of a float's"},
		{of("holding", 1, "unknown", []any{0x18000}), "points[0].unknown: 0x18000, want a word of 16 bits"},
		{of("holding", 1, "enum", map[string]any{"one": "x"}), `points[0].enum: "one", want a whole number`},
		{of("holding", 1, "enum", map[string]any{"70000": "x"}), "points[0].enum: 70000, want a number from 0 to 65535"},
		{of("holding", 1, "kind", "enum"), "points[0].enum: missing"},
		{of("holding", 1, "kind", "text"), "points[0].kind: text of a number, want type: string"},
		{of("holding", 1, "type", "string", "registers", 2, "kind", "number"), "points[0].kind: number of a string, want text"},
		{of("holding", 1, "kind", "event", "options", []any{"x"}), "points[0].kind: an event is nothing"},
		{of("holding", 1, "scale", "0.1"), ""},
		{of("holding", 1, "scale", true), "points[0].scale: true, want a number, or the id of a point"},
		{of("holding", 1, "type", "string", "registers", 2, "unknown", []any{1}), "points[0].type: string with unknown, bit or bits"},
		{of("holding", 1, "scale", 0), "points[0].scale: 0, by which all is lost"},
		{of("holding", 1, "scale", "b"), `points[0].scale: "b", want a number, or the id of a point`},
		{of("holding", 1, "scale", "a"), `points[0].scale: "a" keeps no power of ten`},
		{of("holding", 1, "bit", 3, "scale", 2), "points[0].scale: of a bool"},
		{of("input", 1, "write", true), "points[0].write: input registers can't be written"},
		{of("holding", 1, "write", "yes"), `points[0].write: "yes", want true, or a section`},
		{of("holding", 1, "write", map[string]any{"verfy": true}), "points[0].write.verfy: unknown option"},
		{of("holding", 1, "write", map[string]any{"by": 5}), "points[0].write.by: 5, want one of 6 16 23"},
		{of("holding", 1, "type", "float32", "write", map[string]any{"by": 6}), "points[0].write.by: 6, want one of 16 23"},
		{of("holding", 1, "type", "int16", "scale", 0.1, "max", 6000, "write", true), "points[0].max: 6000 is outside of -3276.8 to 3276.7"},
		{of("holding", 1, "kind", "button"), "points: none is read"},
		{of("value", "$b + 1"), "points[0].value: "},
		{of("holding", 1, "value", "1 + 1"), "points[0].value: is made of other points, and the slave keeps one"},
		{of("value", "1 + 1"), "points[0].value: is made of nothing"},
	} {
		err := typ.Check(row.params)
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%v: %v, want %q", row.params, err, row.says)
		}
	}
	all := typ.Check(with("points", []any{point("a", "holding", 0, "class", "flour"), point("b", "holding", 1, "type", "int24"), point("c", "coil", 70000),
		point("d", "value", "$a +"), point("e", "holding", 3, "kind", "bool", "words", map[string]any{"maybe": "X"})}))
	for _, key := range []string{"points[0].class", "points[1].type", "points[2].coil", "points[3].value", "points[4].words"} {
		if all == nil || !strings.Contains(all.Error(), key) {
			t.Errorf("all that is wrong at once: %v, want %s in it", all, key)
		}
	}
	example, err := typedoc.Example(typ)
	if err != nil {
		t.Fatal(err)
	}
	heatpump := maps.Clone(example.Devices[1].Params)
	heatpump["line"] = line
	if err := typ.Check(heatpump); err != nil {
		t.Errorf("the example of the type: %v", err)
	}
	d, err := typ.Describe(heatpump)
	if err != nil || len(d.Entities) != 8 || d.Entities[1].Report.Stale != 30*time.Second || d.Entities[6].Report.Stale != 3*time.Hour || d.Entities[7].Report.Stale != 3*time.Hour {
		t.Errorf("%v, %v", fmt.Sprint(d), err)
	}
}
