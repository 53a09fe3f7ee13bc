package modbus

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// isKept reports whether the slave keeps the point.
func (p *Place) isKept() bool {
	return p.Coil != nil || p.Discrete != nil || p.Holding != nil || p.Input != nil
}

// place compiles where a slave keeps something.
func (c *planner) place(key string, of *Place) (where content, name string) {
	number, given := 0, 0
	for _, table := range []struct {
		name string
		at   *int
		of   modbus.Table
	}{
		{"coil", of.Coil, modbus.Coils}, {"discrete", of.Discrete, modbus.DiscreteInputs},
		{"holding", of.Holding, modbus.HoldingRegisters}, {"input", of.Input, modbus.InputRegisters},
	} {
		if table.at != nil {
			given++
			name, number, where.Table = table.name, *table.at, table.of
		}
	}
	switch {
	case given == 0:
		c.faultf(key, "nowhere: want coil, discrete, holding or input with a number, or value")
		return where, name
	case given > 1:
		c.faultf(key, "coil, discrete, holding and input exclude each other, want one of them")
		return where, name
	}
	where.Count = 1
	at := number - c.params.Base
	if at < 0 || at > 0xFFFF {
		c.faultf(key+"."+name, "%d is out of range: want %d to %d, for base is %d", number, c.params.Base, 0xFFFF+c.params.Base, c.params.Base)
		at = 0
	}
	where.Address = uint16(at)
	c.typed(key, of, &where)
	if err := c.limits.Fits(modbus.Point{Read: where.Read}); err != nil && where.Count > 0 {
		c.faultf(key+"."+name, "%w", err)
	}
	return where, fmt.Sprintf("%s %d", name, number)
}

// typed compiles the type of what is kept.
func (c *planner) typed(key string, of *Place, where *content) {
	var err error
	if where.order, err = modbus.ParseOrder(cmp.Or(of.Order, c.params.Order)); err != nil {
		c.faultf(key+".order", "%w", err)
	}
	if where.Table.Bits() {
		where.format = value.Format{Width: 8, Bits: 1}
		if of.Type != "" || of.Registers != 0 {
			c.faultf(key+".type", "of a bit, want none")
		}
		return
	}
	word, known := words[cmp.Or(of.Type, "uint16")]
	switch {
	case of.Type == textType:
		where.text, where.Count = true, of.Registers
		if of.Registers == 0 {
			c.faultf(key+".registers", "missing: want how many the string has")
		}
		return
	case !known:
		c.faultf(key+".type", "%q, want one of %s", of.Type, strings.Join(append(slices.Sorted(maps.Keys(words)), textType), ", "))
	case of.Registers != 0 && of.Registers != word.registers:
		c.faultf(key+".registers", "%d of %s, want none", of.Registers, cmp.Or(of.Type, "uint16"))
	}
	where.Count = max(word.registers, 1)
	where.format = value.Format{Width: 16 * where.Count, Encoding: word.encoding}
}

// fields is the grammar of bits.
var fields = regexp.MustCompile(`^(\d{1,2})-(\d{1,2})$`)

// format compiles how what is kept is the value of a point.
func (c *planner) format(key string, of *Point, p *planned) {
	before := len(c.faults)
	c.bits(key, of, p)
	c.scale(key, of, p)
	c.kind(key, of, p)
	p.format.Unknown = of.Unknown
	if p.text && (len(of.Unknown) > 0 || of.Bit != nil || of.Bits != "") {
		c.faultf(key+".type", "string with unknown, bit or bits, want them of a number")
	}
	if len(c.faults) > before || p.text {
		return
	}
	for _, err := range options.Each(p.format.Check()) {
		option, what, _ := strings.Cut(err.Error(), ": ")
		if option == "width" || option == "encoding" {
			option = "type"
		}
		c.faultf(key+"."+option, "%s", what)
	}
}

// scale compiles by what the number of a point is multiplied.
func (c *planner) scale(key string, of *Point, p *planned) {
	key += ".scale"
	if of.Scale == nil || of.Scale == "" {
		return
	}
	given, err := messages.ValueOf(of.Scale)
	number, isNumber := given.Float()
	switch {
	case err != nil, !isNumber && given.Kind() != messages.Text:
		c.faultf(key, "%v, want a number, or the id of a point", of.Scale)
	case p.Kind != entity.Number:
		c.faultf(key, "of a %s, want it of a number", p.Kind)
	case isNumber && number == 0:
		c.faultf(key, "0, by which all is lost: want another number")
	case isNumber:
		p.format.Scale = number
	case p.format.Encoding == value.Float:
		c.faultf(key, "%s of a float, want a number", given.Raw())
	default:
		p.exponent, _ = given.Text()
	}
}

// kind compiles what the number that is kept means.
func (c *planner) kind(key string, of *Point, p *planned) {
	if len(of.Enum) > 0 && p.Kind != entity.Enum {
		c.faultf(key+".enum", "of a %s, want kind: enum or none", p.Kind)
	}
	switch p.Kind {
	case entity.Button:
		return
	case entity.Bool:
		p.format.Kind = value.Bool
	case entity.Enum:
		p.format.Kind, p.format.Words = value.Enum, of.words()
		if len(of.Enum) == 0 {
			c.faultf(key+".enum", "missing: want a word for each number, such as {0: \"off\", 1: heat}")
		}
		for _, n := range slices.Sorted(maps.Keys(of.Enum)) {
			if _, err := strconv.ParseInt(n, 0, 64); err != nil {
				c.faultf(key+".enum", "%q, want a whole number for each word", n)
			}
		}
	case entity.Number:
		if p.Table.Bits() {
			c.faultf(key+".kind", "a number of a bit, want bool or enum")
		}
	}
	switch isText := p.Kind == entity.Text; {
	case p.text && !isText:
		c.faultf(key+".kind", "%s of a string, want text", p.Kind)
	case !p.text && isText:
		c.faultf(key+".kind", "text of a number, want type: string")
	}
}

// bits compiles which bits of what is kept count.
func (c *planner) bits(key string, of *Point, p *planned) {
	switch {
	case of.Bit != nil && of.Bits != "":
		c.faultf(key+".bits", "there is bit as well, want one of them")
	case (of.Bit != nil || of.Bits != "") && p.Table.Bits():
		c.faultf(key+".bit", "of a bit, want none")
	case of.Bit != nil:
		p.format.Low, p.format.Bits = *of.Bit, 1
		if !p.text && *of.Bit >= p.format.Width {
			c.faultf(key+".bit", "%d, want 0 to %d", *of.Bit, p.format.Width-1)
			p.format.Low = 0
		}
	case of.Bits != "":
		at := fields.FindStringSubmatch(of.Bits)
		if at == nil {
			c.faultf(key+".bits", "%q, want the lowest and the highest, such as 8-10", of.Bits)
			return
		}
		low, _ := strconv.Atoi(at[1])
		high, _ := strconv.Atoi(at[2])
		if low > high || !p.text && high >= p.format.Width {
			c.faultf(key+".bits", "%q, want the lowest and the highest of 0 to %d", of.Bits, p.format.Width-1)
			return
		}
		p.format.Low, p.format.Bits = low, high-low+1
	}
}
