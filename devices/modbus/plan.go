package modbus

import (
	"errors"
	"fmt"
	"math"
	"slices"
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

// point compiles a point.
func (c *planner) point(key string, of *Point) {
	every := c.params.every(of)
	e := of.entity(stale * every)
	if err := point.Check(key, e); err != nil {
		c.faults = append(c.faults, err)
	}
	if other := slices.IndexFunc(c.points, func(p *planned) bool { return p.ID == e.ID }); other >= 0 {
		c.faultf(key+".id", "%q is that of points[%d] as well", e.ID, other)
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
