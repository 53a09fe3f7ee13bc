package modbus_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
	"github.com/mqttgateway/mqttgateway/messages"
)

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
