package snmp_test

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/snmp"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// base is where the objects of the tests are.
const base = ".1.3.6.1.4.1.99999."

func object(n string, of gosnmp.Asn1BER, v any) gosnmp.SnmpPDU {
	return gosnmp.SnmpPDU{Name: base + n, Type: of, Value: v}
}

// point returns the options of a point of the object with its name's number.
func point(id, n string, more ...any) map[string]any {
	p := map[string]any{"id": id, "oid": base[1:] + n}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}

func params(at string, points ...map[string]any) map[string]any {
	list := make([]any, len(points))
	for i, p := range points {
		list[i] = p
	}
	return map[string]any{"target": at, "every": "100ms", "timeout": "200ms", "retries": 1, "points": list}
}

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

// What an agent says, and the value that it is.
func TestValues(t *testing.T) {
	e := plugIn(t)
	for i, row := range []struct {
		about string
		of    gosnmp.Asn1BER
		says  any
		more  []any
		want  any
	}{
		{"integer", gosnmp.Integer, -45, []any{"scale", 0.1}, -4.5},
		{"gauge", gosnmp.Gauge32, uint32(4294967295), nil, int64(4294967295)},
		{"counter", gosnmp.Counter64, uint64(math.MaxUint64), nil, uint64(math.MaxUint64)},
		{"time", gosnmp.TimeTicks, uint32(123456), []any{"scale", 0.01}, 1234.56},
		{"digits are kept", gosnmp.Integer, 2301, []any{"scale", 0.1}, 230.1},
		{"float", gosnmp.OpaqueFloat, float32(230.1), nil, 230.1},
		{"a number in a text", gosnmp.OctetString, "021.50 ", nil, 21.5},
		{"a scaled number in a text", gosnmp.OctetString, "2301.5", []any{"scale", 0.1}, 230.15},
		{"no number in a text", gosnmp.OctetString, "n/a", nil, nil},
		{"unknown by its number", gosnmp.Integer, -1, []any{"unknown", []any{-1}}, nil},
		{"true", gosnmp.Integer, 1, []any{"kind", "bool"}, true},
		{"false", gosnmp.Integer, 2, []any{"kind", "bool"}, false},
		{"false of its own", gosnmp.Integer, 0, []any{"kind", "bool", "off", 0}, false},
		{"neither", gosnmp.Integer, 3, []any{"kind", "bool"}, nil},
		{"enum", gosnmp.Integer, 2, []any{"enum", map[string]any{"1": "unknown", "2": "normal"}}, "normal"},
		{"enum in a text", gosnmp.OctetString, "2", []any{"enum", map[string]any{"1": "unknown", "2": "normal"}}, "normal"},
		{"enum without a word", gosnmp.Integer, 7, []any{"enum", map[string]any{"1": "unknown", "2": "normal"}}, nil},
		{"text", gosnmp.OctetString, "Küche", []any{"kind", "text"}, "Küche"},
		{"bytes", gosnmp.OctetString, []byte{0, 0x1b, 0x21, 0xff}, []any{"kind", "text"}, "00:1b:21:ff"},
		{"address", gosnmp.IPAddress, "10.0.0.20", []any{"kind", "text"}, "10.0.0.20"},
		{"oid", gosnmp.ObjectIdentifier, ".1.3.6.1", []any{"kind", "text"}, "1.3.6.1"},
		{"no such object", gosnmp.NoSuchObject, nil, nil, nil},
		{"no such instance", gosnmp.NoSuchInstance, nil, nil, nil},
	} {
		t.Run(row.about, func(t *testing.T) {
			n := fmt.Sprint(i + 1)
			e.is(func(e *equipment) { e.objects[base+n] = object(n, row.of, row.says) })
			d := devicetest.Start(t, "snmp", params(e.address, point("value", n, row.more...), point("other", "999")))
			if i == 0 {
				await(t, d, "other", nil)
			}
			await(t, d, "value", row.want)
		})
	}
}

// What the agent does not have is the reason of that point alone.
func TestReasons(t *testing.T) {
	e := plugIn(t, object("1.0", gosnmp.Integer, 5), object("2.0", gosnmp.NoSuchInstance, nil), object("4.0", gosnmp.Integer, 6))
	e.is(func(e *equipment) { e.fails[base+"3.0"] = gosnmp.GenErr })
	d := devicetest.Start(t, "snmp", params(e.address, point("a", "1.0"), point("b", "2.0"), point("c", "3.0"), point("d", "4.0"), point("e", "5.0")))
	await(t, d, "a", 5)
	await(t, d, "d", 6)
	says := map[string]string{"b": "noSuchInstance", "c": "the agent answers genErr", "e": "noSuchObject"}
	for len(says) > 0 {
		u, err := d.NextUpdate(patience)
		if err != nil {
			t.Fatalf("%v is still to be said: %v", says, err)
		}
		for _, r := range u.Readings {
			if want, is := says[r.ID]; is && r.Err != nil && strings.Contains(r.Err.Error(), want) {
				delete(says, r.ID)
			}
		}
	}
}

// More points than an agent takes at once are asked for in parts.
func TestBatches(t *testing.T) {
	var objects []gosnmp.SnmpPDU
	var points []map[string]any
	for i := range 130 {
		objects = append(objects, object(fmt.Sprint(i), gosnmp.Integer, i))
		points = append(points, point(fmt.Sprintf("p%d", i), fmt.Sprint(i)))
	}
	e := plugIn(t, objects...)
	p := params(e.address, points...)
	p["every"], p["timeout"] = "1h", "10s" // it is asked once
	d := devicetest.Start(t, "snmp", p)
	for _, i := range []int{0, 59, 60, 119, 129} {
		await(t, d, fmt.Sprintf("p%d", i), i)
	}
	e.is(func(e *equipment) {
		if e.asked != 3 {
			t.Errorf("the agent was asked %d times for 130 values, want 3", e.asked)
		}
		e.most = 7
		e.objects[base+"129"] = object("129", gosnmp.Integer, 1000)
	})
	if err := d.Read(); err != nil {
		t.Errorf("of an agent that gives 7 values at once: %v", err)
	}
	await(t, d, "p129", 1000)
}

func TestSet(t *testing.T) {
	e := plugIn(t, object("1", gosnmp.Integer, 210), object("2", gosnmp.Integer, 2), object("3", gosnmp.OctetString, "rack"),
		object("4", gosnmp.Gauge32, uint32(5)), object("5", gosnmp.Integer, 1), object("6", gosnmp.IPAddress, "10.0.0.1"))
	written := func(of string) map[string]any { return map[string]any{"type": of, "verify": true} }
	d := devicetest.Start(t, "snmp", params(e.address,
		point("target", "1", "scale", 0.1, "min", 5, "max", 60, "write", written("integer")), point("relay", "2", "kind", "bool", "write", written("integer")),
		point("name", "3", "kind", "text", "write", written("string")), point("delay", "4", "write", written("unsigned")),
		point("mode", "5", "enum", map[string]any{"1": "eco", "2": "boost"}, "write", written("integer")),
		point("server", "6", "kind", "text", "write", written("ipaddress"))))
	for id, value := range map[string]any{"target": 21.5, "relay": true, "name": "hall", "delay": 30, "mode": "boost", "server": "10.0.0.2"} {
		if err := d.Set(id, value); err != nil {
			t.Errorf("%s to %v: %v", id, value, err)
		}
		await(t, d, id, value)
	}
	both := messages.New(messages.Command, messages.Address{Device: "snmp"}, "SET").
		WithArg("target", messages.FloatValue(22)).WithArg("delay", messages.IntValue(31))
	if err := d.Handle(both); err != nil {
		t.Error(err)
	}
	e.is(func(e *equipment) {
		if last := e.sets[len(e.sets)-1]; !reflect.DeepEqual(last, []string{base + "1", base + "4"}) {
			t.Errorf("two values of one command were set by a request about %q, want both in it", last)
		}
		e.fails["set "+base+"2"], e.fails["set "+base+"4"] = gosnmp.NotWritable, gosnmp.WrongValue
	})
	for _, row := range []struct {
		id   string
		to   any
		says string
	}{
		{"relay", false, "relay: the agent answers notWritable"},
		{"delay", 40, "delay: the agent answers wrongValue"},
		{"delay", -1, "is outside of 0 to 4294967295"},
		{"target", 21.55, "is between the steps of 0.1"},
		{"server", "ups.lan", "want an address"},
	} {
		if err := d.Set(row.id, row.to); !errors.Is(err, devices.ErrAction) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s to %v: %v, want that it is refused with %q", row.id, row.to, err, row.says)
		}
	}
	e.is(func(e *equipment) { e.mood = "stubborn" })
	if err := d.Set("target", 30); !errors.Is(err, devices.ErrAction) || !strings.Contains(err.Error(), "target: is 22 after it was set to 30") {
		t.Errorf("an agent that keeps its value: %v", err)
	}
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
}

// A UPS keeps what every device has to keep.
func TestRules(t *testing.T) {
	e := plugIn(t, object("1", gosnmp.Integer, 1), object("2", gosnmp.Integer, 2))
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	of := func(at string) map[string]any {
		return params(at, point("charge", "1"), point("relay", "2", "kind", "bool", "write", map[string]any{"type": "integer"}))
	}
	on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("relay", messages.BoolValue(true))
	devicetest.RunType(t, "snmp", of(e.address), devicetest.Commands(on), devicetest.Mute(of(mute.LocalAddr().String())),
		devicetest.Break(func() { e.is(func(e *equipment) { e.broken = 3 }) }))
}

// Whoever doesn't answer, or not what was asked, is not open.
func TestFailures(t *testing.T) {
	e := plugIn(t, object("1", gosnmp.Integer, 1), object("2", gosnmp.Integer, 2))
	of := params(e.address, point("a", "1"), point("b", "2"))
	for mood, says := range map[string]string{
		"silent": "no answer from " + e.address + " within 200ms, asked 2 times; an agent says nothing either if the community is wrong",
		"empty":  "the agent gave 1 values and was asked for 2", "shifted": `the agent gave ".1.3.6.1.4.1.99999.1.9" and was asked for "1.3.6.1.4.1.99999.1"`,
	} {
		e.is(func(e *equipment) { e.mood = mood })
		if _, err := devicetest.Open("snmp", of); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("an agent that is %s opens with %v, want %s", mood, err, says)
		}
	}
	e.is(func(e *equipment) { e.mood = "" })
	of["community"] = "private"
	if _, err := devicetest.Open("snmp", of); err == nil || !strings.Contains(err.Error(), "if the community is wrong") {
		t.Errorf("with a wrong community: %v", err)
	}
	delete(of, "community")
	e.unplug()
	if _, err := devicetest.Open("snmp", of); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("of nobody: %v", err)
	}
	e.listen(t)
	d := devicetest.Start(t, "snmp", of)
	await(t, d, "a", 1)
	e.is(func(e *equipment) { e.mood = "silent" })
	if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "no answer from") {
		t.Errorf("an agent falls silent: %v", err)
	}
}

func TestCommunityFile(t *testing.T) {
	e := plugIn(t, object("1", gosnmp.Integer, 1))
	file := filepath.Join(t.TempDir(), "community")
	of := params(e.address, point("a", "1"))
	of["community_file"] = file
	typ, err := devices.Lookup("snmp")
	if err != nil {
		t.Fatal(err)
	}
	if w := typ.Warnings(of); len(w) != 1 || !strings.Contains(w[0], "community_file: ") {
		t.Errorf("of a file that is not there check says %q", w)
	}
	if _, err := devicetest.Open("snmp", of); !errors.Is(err, os.ErrNotExist) || errors.Is(err, devices.ErrConfig) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(file, []byte("public\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, devicetest.Start(t, "snmp", of), "a", 1)
}

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("snmp")
	if err != nil {
		t.Fatal(err)
	}
	with := func(key string, value any) map[string]any {
		p := params("ups.lan", point("a", "1"))
		p[key] = value
		return p
	}
	of := func(more ...any) map[string]any { return params("ups.lan", point("a", "1", more...)) }
	for _, row := range []struct {
		params map[string]any
		says   string // "": nothing
	}{
		{of(), ""},
		{with("target", "[fe80::1]:1161"), ""},
		{with("target", "fe80::1"), ""},
		{with("target", "ups.lan:x"), "target: "},
		{with("version", "1"), `version: "1", want 2c or 3`},
		{with("version", 3), "user: missing"},
		{with("user", "me"), "version: 2c has no user"},
		{with("points", []any{}), "points: there are none"},
		{of("oid", "UPS-MIB::upsBatteryStatus.0"), "points[0].oid: "},
		{of("kind", "button"), "points[0].kind: button, want a kind with a value"},
		{of("kind", "bool", "off", 1), "points[0].on: 1, and off as well"},
		{of("kind", "bool", "scale", 2), "points[0].scale: of bool"},
		{of("kind", "enum"), "points[0].enum: missing"},
		{of("enum", map[string]any{"one": "eco"}), `points[0].enum: "one", want a whole number`},
		{of("enum", map[string]any{"1": "eco", "2": "eco"}), "points[0].options: "},
		{of("write", map[string]any{"type": "int"}), `points[0].write.type: "int", want one of integer, ipaddress`},
		{of("write", map[string]any{"type": "oid"}), "points[0].write.type: oid of a number"},
		{of("kind", "text", "write", map[string]any{"type": "integer"}), "points[0].write.type: integer of a text"},
		{of("class", "flour"), "points[0].class: "},
	} {
		err := typ.Check(row.params)
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%v: %v, want %q", row.params, err, row.says)
		}
	}
	list, err := config.ParseDevices(typ.Example)
	if err != nil {
		t.Fatal(err)
	}
	if err := typ.Check(list[0].Params); err != nil {
		t.Errorf("the example of the type: %v", err)
	}
}
