package modbus

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// plan is Params, compiled.
type plan struct {
	points  []*planned
	kept    []*planned     // among them, those that are read, in the order of reads
	reads   []modbus.Point // of kept
	derived []*planned     // among points, those that are made of others
	names   []string       // of kept, as queries know them
	limits  modbus.Limits
	probe   *probe // nil: the first request that polls is one
}

// planned is a point.
type planned struct {
	entity.Entity
	content
	place    string // as the configuration has it: holding 100
	exponent string // the id of the point that keeps the power of ten by which this one is scaled; "": none
	query    *text.Query
	write    Write
	press    messages.Value // of a button
}

// probe is what the first request finds if the slave is what it is taken for.
type probe struct {
	content
	place     string
	low, high float64
	is        string
}

// planner compiles params, and collects what is wrong with them.
type planner struct {
	*plan
	params *Params
	faults []error
}

func (p Params) plan() (*plan, error) {
	c := &planner{plan: &plan{limits: modbus.Limits{Most: p.Most, Gap: int(p.Gap)}}, params: &p}
	for i := range p.Points {
		if of := &p.Points[i]; of.isKept() && entity.Kind(of.Kind) != entity.Button {
			c.names = append(c.names, of.ID)
		}
	}
	for i := range p.Points {
		c.point(fmt.Sprintf("points[%d]", i), &p.Points[i])
	}
	for i := range c.points {
		c.scaledBy(fmt.Sprintf("points[%d].scale", i), c.points[i])
	}
	c.probing()
	if len(c.faults) == 0 && len(c.kept) == 0 {
		c.faultf("points", "none is read, want at least one: by its answers the slave is known to be there")
	}
	return c.plan, errors.Join(c.faults...)
}

func (c *planner) faultf(key, format string, args ...any) {
	c.faults = append(c.faults, &options.Fault{Key: key, Err: fmt.Errorf(format, args...)})
}

// blocks returns the requests that read the points.
func (p *plan) blocks(wire modbus.Wire) []modbus.Block { return modbus.Plan(p.reads, wire, p.limits) }

// point returns the point called id.
func (p *plan) point(id string) *planned {
	for _, of := range p.points {
		if of.ID == id {
			return of
		}
	}
	return nil
}

// isKept reports whether the slave keeps the point.
func (p *Place) isKept() bool {
	return p.Coil != nil || p.Discrete != nil || p.Holding != nil || p.Input != nil
}

// point compiles a point.
func (c *planner) point(key string, of *Point) {
	every := c.params.every(of)
	e := of.entity(stale * every)
	if err := point.Check(key, e); err != nil {
		c.faults = append(c.faults, err)
	}
	p := &planned{Entity: e}
	c.points = append(c.points, p)
	if e.Kind == entity.Event {
		c.faultf(key+".kind", "an event is nothing that can be read again and again, want a kind with a value")
		return
	}
	if of.Value != "" {
		c.made(key, of, p)
		return
	}
	before := len(c.faults)
	p.content, p.place = c.place(key, &of.Place)
	if len(c.faults) > before {
		return
	}
	c.format(key, of, p)
	c.writing(key, of, p)
	if len(c.faults) > before || e.Kind == entity.Button {
		return
	}
	c.kept = append(c.kept, p)
	c.reads = append(c.reads, modbus.Point{Read: p.Read, Every: every})
}

// made compiles a point that is made of others.
func (c *planner) made(key string, of *Point, p *planned) {
	if of.isKept() {
		c.faultf(key+".value", "is made of other points, and the slave keeps one as well: want either")
	}
	if of.isWritten() {
		c.faultf(key+".write", "of a value that is made of other points, want none")
	}
	var err error
	p.query, err = text.Compile(of.Value, c.names...)
	switch {
	case err != nil:
		c.faultf(key+".value", "%w", err)
	case p.query.Paths(), len(p.query.Variables()) == 0:
		c.faultf(key+".value", "is made of nothing: want other points that the slave keeps, as $id")
	default:
		c.derived = append(c.derived, p)
	}
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
	c.bits(key, of, p)
	p.format.Unknown = of.Unknown
	switch scale := of.Scale.(type) {
	case nil:
	case string:
		if n, err := strconv.ParseFloat(scale, 64); err == nil {
			p.format.Scale = n
		} else {
			p.exponent = scale
		}
	case int:
		p.format.Scale = float64(scale)
	case float64:
		p.format.Scale = scale
	default:
		c.faultf(key+".scale", "%v, want a number, or the id of a point", of.Scale)
	}
	if p.format.Scale == 0 && of.Scale != nil && p.exponent == "" && of.Scale != "" {
		c.faultf(key+".scale", "0, by which all is lost: want another number")
	}
	scaled := p.format.Scale != 0 || p.exponent != ""
	switch p.Kind {
	case entity.Bool:
		p.format.Kind = value.Bool
	case entity.Enum:
		p.format.Kind, p.format.Words = value.Enum, of.words()
		if len(of.Enum) == 0 && !p.text {
			c.faultf(key+".enum", "missing: want a word for each number, such as {0: \"off\", 1: heat}")
			return
		}
	case entity.Number:
		if p.Table.Bits() {
			c.faultf(key+".kind", "a number of a bit, want bool or enum")
		}
	}
	switch {
	case p.text != (p.Kind == entity.Text) && p.Kind != entity.Button:
		c.faultf(key+".kind", "%s of type %s, want %s", p.Kind, cmp.Or(of.Type, "uint16"), map[bool]string{true: "text", false: "type: string for a text"}[p.text])
		return
	case p.text && (scaled || len(of.Unknown) > 0 || of.Bit != nil || of.Bits != ""):
		c.faultf(key+".type", "string with scale, unknown, bit or bits, want them of a number")
		return
	case scaled && p.Kind != entity.Number:
		c.faultf(key+".scale", "of a %s, want it of a number", p.Kind)
		return
	case p.exponent != "" && p.format.Encoding == value.Float:
		c.faultf(key+".scale", "%q of a float, want a number", p.exponent)
		return
	}
	for _, n := range slices.Sorted(maps.Keys(of.Enum)) {
		if _, err := strconv.ParseInt(n, 0, 64); err != nil {
			c.faultf(key+".enum", "%q, want a whole number for each word", n)
			return
		}
	}
	if p.Kind != entity.Enum && len(of.Enum) > 0 {
		c.faultf(key+".enum", "of a %s, want kind: enum or none", p.Kind)
	} else if !p.text {
		for _, err := range options.Each(p.format.Check()) {
			option, what, _ := strings.Cut(err.Error(), ": ")
			if option == "width" || option == "encoding" {
				option = "type"
			}
			c.faultf(key+"."+option, "%s", what)
		}
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

// writing compiles how a point is set, and tries its bounds out.
func (c *planner) writing(key string, of *Point, p *planned) {
	var err error
	if p.write, err = of.writing(); err != nil {
		for _, fault := range options.Faults(err) {
			at := key + ".write"
			if fault.Key != "" {
				at += "." + fault.Key
			}
			c.faultf(at, "%w", fault.Err)
		}
		return
	}
	button := p.Kind == entity.Button
	if !of.isWritten() && !button {
		return
	}
	if p.Table != modbus.Coils && p.Table != modbus.HoldingRegisters {
		c.faultf(key+".write", "%s can't be written, want a coil or a holding register", p.Table)
		return
	}
	if err := p.writable(); err != nil {
		c.faultf(key+".write.by", "%w", err)
	}
	if button {
		p.press = messages.IntValue(int64(of.Press))
		if p.Table.Bits() {
			p.press = messages.BoolValue(of.Press != 0)
		}
		p.format.Kind = map[bool]value.Kind{true: value.Bool, false: value.Number}[p.Table.Bits()]
		if p.text {
			c.faultf(key+".type", "string of a button, want a number")
		} else if _, err := p.set(p.press, p.empty(), 0); err != nil {
			c.faultf(key+".press", "%w", err)
		}
		return
	}
	if p.exponent != "" { // which nobody knows yet
		return
	}
	for i, bound := range []*float64{p.Min, p.Max} {
		if bound != nil && p.Kind == entity.Number {
			if _, err := p.set(messages.FloatValue(*bound), p.empty(), 0); err != nil {
				c.faultf(key+"."+[]string{"min", "max"}[i], "%w", err)
			}
		}
	}
}

// writable finds functions that can't set a point.
func (p *planned) writable() error {
	by := modbus.Function(p.write.By)
	var can []modbus.Function
	switch {
	case p.Table.Bits():
		can = []modbus.Function{modbus.WriteSingleCoil, modbus.WriteMultipleCoils}
	case p.Count > 1:
		can = []modbus.Function{modbus.WriteMultipleRegisters, modbus.ReadWriteRegisters}
	case p.field():
		can = []modbus.Function{modbus.WriteSingleRegister, modbus.WriteMultipleRegisters, modbus.MaskWriteRegister, modbus.ReadWriteRegisters}
	default:
		can = []modbus.Function{modbus.WriteSingleRegister, modbus.WriteMultipleRegisters, modbus.ReadWriteRegisters}
	}
	if by == 0 || slices.Contains(can, by) {
		return nil
	}
	return fmt.Errorf("%d, want one of %s for this point", by, strings.Trim(fmt.Sprint(can), "[]"))
}

// scaledBy finds the point that keeps the exponent of another, and has both read by one request if they are near enough, lest one is
// older than the other.
func (c *planner) scaledBy(key string, p *planned) {
	if p.exponent == "" {
		return
	}
	at := slices.IndexFunc(c.kept, func(other *planned) bool { return other.ID == p.exponent })
	if at < 0 {
		if !slices.Contains(c.names, p.exponent) {
			c.faultf(key, "%q, want a number, or the id of a point that the slave keeps", p.exponent)
		}
		return
	}
	other := c.kept[at]
	if other.Kind != entity.Number || other.format.Encoding == value.Float || other.exponent != "" || other == p {
		c.faultf(key, "%q keeps no power of ten, want a point that is a whole number", p.exponent)
		return
	}
	own := slices.Index(c.kept, p)
	if own < 0 || other.Table != p.Table {
		return
	}
	start := min(p.Read.Address, other.Read.Address)
	end := max(int(p.Read.Address)+p.Count, int(other.Read.Address)+other.Count)
	both := modbus.Point{Read: modbus.Read{Table: p.Table, Address: start, Count: end - int(start)}, Every: c.reads[own].Every}
	if c.limits.Fits(both) == nil {
		c.reads[own] = both
	}
}

// probing compiles the probe.
func (c *planner) probing() {
	of := &c.params.Probe
	if !of.isKept() {
		if of.Type != "" || len(of.Between) > 0 || of.Is != "" {
			c.faultf("probe", "nowhere: want coil, discrete, holding or input with a number")
		}
		return
	}
	p := &probe{low: math.Inf(-1), high: math.Inf(1), is: of.Is}
	p.content, p.place = c.place("probe", &of.Place)
	switch {
	case p.text && (of.Is == "" || len(of.Between) > 0):
		c.faultf("probe.is", "of a string, want the text that must be there, and no between")
	case !p.text && of.Is != "":
		c.faultf("probe.is", "of a number, want type: string, or between")
	case len(of.Between) == 2 && of.Between[0] <= of.Between[1]:
		p.low, p.high = of.Between[0], of.Between[1]
	case len(of.Between) != 0:
		c.faultf("probe.between", "%v, want the lowest and the highest number", of.Between)
	}
	c.probe = p
}
