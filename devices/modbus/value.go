package modbus

import (
	"errors"
	"fmt"
	"math"

	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/messages"
)

// words are the types of numbers in registers.
var words = map[string]struct {
	registers int
	encoding  value.Encoding
}{
	"int16": {1, value.Signed}, "int32": {2, value.Signed}, "int64": {4, value.Signed},
	"uint16": {1, value.Unsigned}, "uint32": {2, value.Unsigned}, "uint64": {4, value.Unsigned},
	"float32": {2, value.Float}, "float64": {4, value.Float},
	"bcd16": {1, value.BCD}, "bcd32": {2, value.BCD}, "bcd64": {4, value.BCD},
}

// textType is the type of what is no number.
const textType = "string"

// content says how the bits or registers of a point are its value.
type content struct {
	modbus.Read              // where it is kept
	order       modbus.Order // of its bytes
	text        bool         // it is a text, and format says nothing
	format      value.Format // of the word that the bits or registers are
}

// value returns what bits or registers say, or why they say nothing. exponent is the power of ten by which a number is scaled
// beside its own scale.
func (c *content) value(kept modbus.Response, exponent int) (messages.Value, error) {
	if c.text {
		return messages.TextValue(c.order.Text(kept.(modbus.Registers))), nil
	}
	return c.scaled(exponent).Value(c.word(kept))
}

// set returns the bits or registers that say a value. What the value doesn't touch stays as it was kept before.
func (c *content) set(v messages.Value, before modbus.Response, exponent int) (modbus.Response, error) {
	if c.text {
		plain, _ := v.Text()
		registers, err := c.order.TextRegisters(plain, c.Count)
		return modbus.Registers(registers), err
	}
	word, err := c.scaled(exponent).Word(v, c.word(before))
	if err != nil {
		return nil, err
	}
	if c.Table.Bits() {
		return modbus.Bits{word == 1}, nil
	}
	return modbus.Registers(c.order.Registers(word, c.Count)), nil
}

// says reports whether bits or registers say a value already. Blanks at the end of a text say nothing.
func (c *content) says(v messages.Value, kept modbus.Response, exponent int) bool {
	want, err := c.set(v, kept, exponent)
	if err != nil {
		return false
	}
	if c.text {
		return c.order.Text(want.(modbus.Registers)) == c.order.Text(kept.(modbus.Registers))
	}
	return c.word(want) == c.word(kept)
}

// word returns the word that bits or registers are.
func (c *content) word(kept modbus.Response) uint64 {
	switch kept := kept.(type) {
	case modbus.Registers:
		return c.order.Word(kept)
	case modbus.Bits:
		if kept[0] {
			return 1
		}
	}
	return 0
}

// empty is what a point keeps of which nothing is known.
func (c *content) empty() modbus.Response {
	if c.Table.Bits() {
		return make(modbus.Bits, c.Count)
	}
	return make(modbus.Registers, c.Count)
}

// field reports whether the value is only a part of its registers.
func (c *content) field() bool {
	return !c.text && !c.Table.Bits() && c.format.Bits != 0 && c.format.Bits != c.format.Width
}

// scaled returns the format with another power of ten.
func (c *content) scaled(exponent int) value.Format {
	f := c.format
	if exponent != 0 {
		f.Scale = math.Pow10(exponent)
	}
	return f
}

// part returns what a point keeps of what a longer request has read.
func (c *content) part(of modbus.Read, response modbus.Response) modbus.Response {
	from := int(c.Address) - int(of.Address)
	switch all := response.(type) {
	case modbus.Registers:
		return all[from : from+c.Count]
	case modbus.Bits:
		return all[from : from+c.Count]
	}
	return nil
}

// furthest is how far the exponent of a scale may be from 0, as SunSpec has it.
const furthest = 10

// exponentOf returns the power of ten that the value of a point is, which scales others.
func exponentOf(scale messages.Value) (int, error) {
	if scale.Kind() == messages.Null {
		return 0, errors.New("is unknown")
	}
	n, ok := scale.Int()
	if !ok || n < -furthest || n > furthest {
		return 0, fmt.Errorf("is %s, want a power of ten from -%d to %d", scale.Raw(), furthest, furthest)
	}
	return int(n), nil
}
