package modbus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What is set is what is kept then, and nothing beside it is touched, for each type, order and field.
func FuzzContent(f *testing.F) {
	types := append(slices.Sorted(maps.Keys(words)), textType)
	f.Add(uint8(5), uint8(0), int64(-45), int8(-1), uint64(0), uint8(0), uint8(0), "")
	f.Add(uint8(9), uint8(3), int64(70000), int8(2), uint64(1<<63), uint8(0), uint8(0), "")
	f.Add(uint8(8), uint8(2), int64(5), int8(0), uint64(0xFFFF), uint8(8), uint8(3), "")
	f.Add(uint8(3), uint8(1), int64(2301), int8(-1), uint64(0), uint8(0), uint8(0), "")
	f.Add(uint8(0), uint8(0), int64(34), int8(0), uint64(0x1234), uint8(4), uint8(8), "")
	f.Add(uint8(11), uint8(2), int64(0), int8(0), uint64(0), uint8(0), uint8(0), "Wärme ")
	f.Fuzz(func(t *testing.T, typ, order uint8, n int64, exponent int8, before uint64, low, bits uint8, plain string) {
		point := map[string]any{"id": "a", "holding": 7, "type": types[int(typ)%len(types)], "order": modbus.Order(order % 4).String(), "write": true}
		if exponent %= furthest; words[types[int(typ)%len(types)]].encoding == value.Float {
			exponent = 0 // floats are not scaled by another point
		}
		v := messages.FloatValue(float64(n) * math.Pow10(int(exponent)))
		if point["type"] == textType {
			point["registers"], v, exponent = 5, messages.TextValue(plain), 0
		} else if bits > 0 {
			point["bits"] = fmt.Sprintf("%d-%d", low, int(low)+int(bits)-1)
		}
		p, err := devices.Decode[Params](map[string]any{
			"line": map[string]any{"protocol": "modbus-tcp", "address": "plc.lan"}, "unit": 1, "points": []any{point},
		})
		if err != nil {
			t.Skip() // bits that the type doesn't have
		}
		plan, err := p.plan()
		if err != nil {
			t.Fatal(err)
		}
		c := plan.kept[0].content
		kept := modbus.Response(modbus.Registers(c.order.Registers(before, c.Count)))
		set, err := c.set(v, kept, int(exponent))
		if err != nil {
			return // out of range, between the steps, no such text
		}
		if len(set.(modbus.Registers)) != c.Count {
			t.Fatalf("%v of %v in %d registers, want %d", v, point, len(set.(modbus.Registers)), c.Count)
		}
		if !c.says(v, set, int(exponent)) {
			t.Errorf("%v of %v: %v does not say it", v, point, set)
		}
		if c.text {
			return // blanks at the end are lost, and what is no UTF-8
		}
		got, err := c.value(set, int(exponent))
		again, err2 := c.set(got, set, int(exponent))
		if err != nil || err2 != nil || fmt.Sprint(again) != fmt.Sprint(set) {
			t.Errorf("%v of %v is kept as %v, which is %v (%v), which is kept as %v (%v)", v, point, set, got, err, again, err2)
		}
		if c.field() {
			mask := ^(^uint64(0) >> (64 - c.format.Bits) << c.format.Low)
			if was, is := c.word(kept)&mask, c.word(set)&mask; was != is {
				t.Errorf("%v of %v: beside the field is %#x, and was %#x", v, point, is, was)
			}
		}
	})
}

// How much of the time of its line a device takes: the figures of a three-phase meter at 9600 bit/s, one of them an hour.
func TestLoad(t *testing.T) {
	var points []any
	for i := range 52 {
		points = append(points, map[string]any{"id": fmt.Sprintf("p%d", i), "input": 2 * i, "type": "float32"})
	}
	for _, row := range []struct {
		line  map[string]any
		every string
		share float64
		of    string
	}{
		{map[string]any{"protocol": "modbus-rtu", "port": "/dev/ttyUSB0", "baud": 9600}, "1s", 0.36, "9600 bit/s"},
		{map[string]any{"protocol": "modbus-rtu", "port": "/dev/ttyUSB0", "baud": 9600, "parity": "even", "latency": "200ms"}, "1s", 0.7, "9600 bit/s"},
		{map[string]any{"protocol": "modbus-tcp", "address": "plc.lan"}, "100ms", 0.1, "its time, with 5ms a request"},
	} {
		p, err := devices.Decode[Params](map[string]any{"line": row.line, "unit": 1, "every": row.every, "most": 80, "points": points})
		if err != nil {
			t.Fatal(err)
		}
		if share, of := p.Load(); math.Abs(share-row.share) > 0.1*row.share || of != row.of {
			t.Errorf("%v: %.3f of %s, want %.3f of %s", row.line, share, of, row.share, row.of)
		}
	}
}

// A point is a bool, an enum, a text or a number as its options have it.
func TestKinds(t *testing.T) {
	n := 5
	for _, row := range []struct {
		point Point
		want  entity.Kind
	}{
		{Point{Place: Place{Coil: &n}}, entity.Bool},
		{Point{Place: Place{Discrete: &n}}, entity.Bool},
		{Point{Place: Place{Holding: &n}, Bit: &n}, entity.Bool},
		{Point{Place: Place{Holding: &n}, Enum: map[string]string{"1": "x"}}, entity.Enum},
		{Point{Place: Place{Coil: &n}, Enum: map[string]string{"1": "x"}}, entity.Enum},
		{Point{Place: Place{Holding: &n, Type: textType}}, entity.Text},
		{Point{Place: Place{Holding: &n}}, entity.Number},
	} {
		if e := row.point.entity(0); e.Kind != row.want {
			t.Errorf("%+v is a %s, want %s", row.point, e.Kind, row.want)
		}
	}
}
