package probe

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

func TestRegisters(t *testing.T) {
	tests := map[string]struct {
		registers []uint16
		want      string
	}{
		"one": {[]uint16{0xfff6}, `
REGISTER   HEX  UINT16   INT16  BYTES SWAPPED                 BITS  TEXT
     100  fff6   65526     -10          63231  1111 1111 1111 0110  ..
`},
		"a float": {[]uint16{0x4366, 0x199a}, `
REGISTER   HEX  UINT16   INT16  BYTES SWAPPED                 BITS  TEXT
     100  4366   17254                  26179  0100 0011 0110 0110  Cf
     101  199a    6554                  39449  0001 1001 1001 1010  ..

REGISTERS  TYPE                 ABCD              CDAB              BADC              DCBA
  100-101  uint32         1130764698         429540198        1715706393        2585355843
  100-101  float32             230.1                 -                 -                 -
`},
		"a double, the lowest register first": {[]uint16{0x3333, 0x3333, 0xc333, 0x406c}, `
  100-101  uint32          858993459         858993459         858993459         858993459
  100-103  float64                 -             230.1                 -                 -
  101-102  uint32          859030323        3274912563         858993603         868430643
  101-102  float32                 -            -179.2                 -                 -
`},
		"text":               {[]uint16{0x5344, 0x4d36, 0x3330, 0x0000, 0x4d00}, "\ntext in 100-102 (ABCD): \"SDM630\"\ntext in 100-102 (BADC): \"DS6M03\"\n"},
		"a negative":         {[]uint16{0xffff, 0xfff6}, "\n  100-101  int32                 -10           -589825             -2305        -150994945\n"},
		"a counter of Wh":    {[]uint16{0, 0x1, 0x0002, 0x0003}, "\n  100-103  uint64         4295098371                 -                 -                 -\n"},
		"nothing":            {[]uint16{0, 0, 0, 0}, ""},
		"all bits set":       {[]uint16{0xffff, 0xffff}, ""},
		"a negative of four": {[]uint16{0xffff, 0xffff, 0xfff0, 0x0000}, "\n  100-103  int64            -1048576  "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := "\n" + Registers(100, tt.registers)
			for line := range strings.Lines(got) {
				if len(line) > 100 {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
			switch {
			case tt.want == "" && strings.Contains(got, "TYPE"):
				t.Errorf("got%s", got)
			case strings.HasPrefix(tt.want, "\nREGISTER ") && got != tt.want:
				t.Errorf("got%swant%s", got, tt.want)
			}
			for want := range strings.Lines(tt.want) {
				if len(strings.Fields(want)) > 0 && !strings.Contains(got, strings.TrimRight(want, "\n")) {
					t.Errorf("lacks %sin%s", want, got)
				}
			}
		})
	}
}

func TestBits(t *testing.T) {
	want := `          0  1  2  3  4  5  6  7  8  9
      0                           1  0
     10   0  1
`
	if got := Bits(8, []bool{true, false, false, true}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestParseMedium(t *testing.T) {
	tests := map[string]Medium{
		"tcp://plc:1502":     {Address: "plc:1502", TCP: true},
		"tcp://plc":          {Address: "plc:502", TCP: true},
		"plc":                {Address: "plc:502", TCP: true},
		"10.0.0.5:503":       {Address: "10.0.0.5:503", TCP: true},
		"tcp://[fe80::1]":    {Address: "[fe80::1]:502", TCP: true},
		"rtu:///dev/ttyUSB0": {Port: "/dev/ttyUSB0"},
		"/dev/ttyUSB0":       {Port: "/dev/ttyUSB0"},
		"rtu://COM3":         {Port: "COM3"},
		"COM3":               {Port: "COM3"},
		"rtu+tcp://box:4001": {Address: "box:4001"},
	}
	for text, want := range tests {
		if got, err := ParseMedium(text); got != want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "udp://plc:502", "rtu://", "rtu+tcp://box", "tcp://me:secret@plc", "tcp://plc/1", "rtu://box/dev/x", "tcp://", "tcp://plc:x"} {
		if got, err := ParseMedium(text); err == nil || !strings.Contains(err.Error(), "want an address such as tcp://plc:502") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestParseRange(t *testing.T) {
	for text, want := range map[string]Range{"5": {5, 5}, "0-20": {0, 20}, " 0x10 - 0x1f ": {16, 31}, "65536": {65536, 65536}} {
		if got, err := ParseRange(text); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "5-4", "-1", "a", "65537", "1-2-3"} {
		if got, err := ParseRange(text); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
	for _, r := range []Range{{0, 5}, {5, 65537}} {
		if err := r.Within(1); err == nil || !strings.Contains(err.Error(), "want numbers from 1 to 65536") {
			t.Errorf("%v: %v", r, err)
		}
	}
	if err := (Range{0, 65535}).Within(0); err != nil {
		t.Error(err)
	}
}

// The configuration gets numbers of two registers where they are such, and each register else.
func TestDeviceYAML(t *testing.T) {
	float := modbus.Registers{0x199a, 0x4366, 0, 0, 7}
	tests := map[string]struct {
		found []Found
		want  string
	}{
		"floats, the lowest register first": {[]Found{{Table: modbus.InputRegisters, First: 1, Count: 5, Registers: float}}, `devices:
  - name: equipment
    type: modbus
    params:
      line: line
      unit: 3
      base: 1
      order: CDAB
      points:
        - {id: input_1, input: 1, type: float32}   # 230.1
        - {id: input_3, input: 3, type: uint16}   # 0
        - {id: input_4, input: 4, type: uint16}   # 0
        - {id: input_5, input: 5, type: uint16}   # 7
`},
		"registers and bits": {[]Found{
			{Table: modbus.HoldingRegisters, First: 7, Count: 2, Registers: modbus.Registers{2301, 20000}},
			{Table: modbus.HoldingRegisters, First: 9, Count: 2, Err: modbus.IllegalDataAddress},
			{Table: modbus.Coils, First: 1, Count: 1, Bits: modbus.Bits{true}},
			{Table: modbus.DiscreteInputs, First: 2, Count: 1, Bits: modbus.Bits{false}},
		}, `devices:
  - name: equipment
    type: modbus
    params:
      line: line
      unit: 3
      base: 1
      points:
        - {id: holding_7, holding: 7, type: uint16}   # 2301
        - {id: holding_8, holding: 8, type: uint16}   # 20000
        - {id: coil_1, coil: 1}   # true
        - {id: discrete_2, discrete: 2}   # false
`},
		"nothing": {[]Found{{Err: modbus.IllegalDataAddress}}, ""},
		"many":    {[]Found{{Table: modbus.HoldingRegisters, Registers: make(modbus.Registers, 40)}}, "        # and 8 more\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := (&Slave{Unit: 3, Base: 1}).DeviceYAML(tt.found)
			if got != tt.want && (name != "many" || !strings.HasSuffix(got, tt.want)) {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}
