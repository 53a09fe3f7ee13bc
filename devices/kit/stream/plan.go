package stream

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/pattern"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// plan is Params, compiled.
type plan struct {
	json   bool // frames are documents
	hex    bool // frames are bytes, which patterns see in hexadecimal
	points []planned
	thens  []then
	names  []string // the points with a value that is not made of others, as queries know them
}

// planned is a point.
type planned struct {
	entity.Entity
	form    pattern.Form
	match   *pattern.Pattern          // nil: its value is not found by one
	query   *text.Query               // nil: its value is what match has found
	derived bool                      // its value is made of those of other points
	send    map[string]*text.Template // by the value that is set
	always  *text.Template            // for every value; nil: send says of which
	answer  *pattern.Pattern          // nil: none is waited for
	within  time.Duration
}

// then is a message for some frames.
type then struct {
	match  *pattern.Pattern
	msg    messages.InternalMsg
	retain bool
}

// Validate implements options.Validator: it finds what is wrong with patterns, queries, templates and entities.
func (p Params) Validate() error {
	_, _, err := p.plan()
	return err
}

// Warnings returns what is no fault and yet likely to go wrong: patterns that are not anchored.
func (p Params) Warnings() []string {
	_, warnings, _ := p.plan()
	return warnings
}

// planner compiles params, and collects what is wrong with them.
type planner struct {
	*plan
	faults   []error
	warnings []string
}

func (p Params) plan() (*plan, []string, error) {
	c := &planner{plan: &plan{json: p.Decode == "json", hex: p.Decode == "hex"}}
	for i := range p.Points {
		if of := &p.Points[i]; of.entity().Kind.HasValue() && (of.Match != "" || c.json) {
			c.names = append(c.names, of.ID)
		}
	}
	for i := range p.Points {
		c.point(fmt.Sprintf("points[%d]", i), &p.Points[i])
	}
	c.noLoops()
	for i := range p.Then {
		c.then(fmt.Sprintf("then[%d]", i), &p.Then[i])
	}
	if len(p.Points)+len(p.Then) == 0 {
		c.fault("points", errors.New("there are none, want at least one"))
	}
	return c.plan, c.warnings, errors.Join(c.faults...)
}

func (c *planner) fault(key string, err error) {
	c.faults = append(c.faults, &options.Fault{Key: key, Err: err})
}

func (c *planner) faultf(key, format string, args ...any) { c.fault(key, fmt.Errorf(format, args...)) }

// pattern compiles a pattern; nil if there is none, or a wrong one. open tells that nothing is taken from what it matches.
func (c *planner) pattern(key, source string, open bool) *pattern.Pattern {
	if source == "" {
		return nil
	}
	p, err := pattern.Compile(source)
	if err != nil {
		c.fault(key, err)
		return nil
	}
	loose := p.Loose()
	if open {
		loose = p.Adrift()
	}
	if loose != "" {
		c.warnings = append(c.warnings, fmt.Sprintf("%s: %q %s", key, source, loose))
	}
	return p
}

func (c *planner) point(key string, of *Point) {
	e := of.entity()
	if err := point.Check(key, e); err != nil {
		c.faults = append(c.faults, err)
	}
	p := planned{Entity: e, form: pattern.Form{ID: e.ID, Kind: e.Kind, On: of.On, Off: of.Off, Options: e.Options}}
	if e.Kind != entity.Bool && of.On+of.Off != "" {
		c.faultf(key+".on", "on and off of a %s, want them of a bool", e.Kind)
	}
	if e.Kind == entity.Bool && (of.On == "") != (of.Off == "") || of.On != "" && of.On == of.Off {
		c.faultf(key+".on", "%q, and off %q: want two texts, or none", of.On, of.Off)
	}
	c.reading(key, of, &p)
	c.sending(key, of, &p)
	c.points = append(c.points, p)
}

// reading compiles how the value of a point is found.
func (c *planner) reading(key string, of *Point, p *planned) {
	p.match = c.pattern(key+".match", of.Match, false)
	switch {
	case of.Value != "":
		query, err := text.Compile(of.Value, c.names...)
		if err != nil {
			c.fault(key+".value", err)
			return
		}
		p.query = query
		p.derived = of.Match == "" && !c.json || c.json && !query.Paths() && len(query.Variables()) > 0
	case p.match != nil && p.match.Named():
		c.faultf(key+".match", "has several groups, want a value that is made of them")
	}
	switch {
	case c.json && of.Match != "":
		c.faultf(key+".match", "is for text: want value alone where decode is json")
	case p.Kind == entity.Button && of.Match+of.Value != "":
		c.faultf(key+".match", "a button has no value, want send alone")
	case p.Kind == entity.Button:
	case c.json && of.Value == "" && !of.sends():
		c.faultf(key+".value", "missing: want jq that finds its value in a document, such as .temperature")
	case of.Match+of.Value == "" && !of.sends():
		c.faultf(key+".match", "missing: want a pattern that finds its value, or send")
	case p.derived && len(p.query.Variables()) == 0:
		c.faultf(key+".value", "is made of nothing: want match as well, or other points as $id")
	case p.derived && p.Write:
		c.faultf(key+".send", "of a value that is made of other points, want none")
	case p.derived && p.Kind == entity.Event:
		c.faultf(key+".value", "is made of other points: want match as well for an event")
	}
}

// noLoops refuses values that are made of others that are made of others: nobody could tell which comes first.
func (c *planner) noLoops() {
	for i := range c.points {
		p := &c.points[i]
		if p.query == nil {
			continue
		}
		for _, name := range p.query.Variables() {
			at := slices.IndexFunc(c.points, func(other planned) bool { return other.ID == name })
			if at >= 0 && c.points[at].derived {
				c.faultf(fmt.Sprintf("points[%d].value", i), "$%s is made of other points itself, want points that are read", name)
			}
		}
	}
}

// sending compiles what is sent to set a point, and tries it out.
func (c *planner) sending(key string, of *Point, p *planned) {
	p.answer, p.within = c.pattern(key+".answer.match", of.Answer.Match, true), of.Answer.Within
	if !of.sends() {
		if of.Answer.Match != "" {
			c.faultf(key+".answer.match", "nothing is sent that could be answered, want send as well")
		}
		return
	}
	if p.Kind == entity.Event {
		return // which Check has refused
	}
	switch send := of.Send.(type) {
	case string:
		if p.always = c.template(key+".send", send); p.always == nil {
			return
		}
		for _, probe := range point.Probes(&p.Entity) {
			if !c.try(key+".send", p, p.always, probe) {
				break
			}
		}
	case map[string]any:
		p.send = make(map[string]*text.Template, len(send))
		for _, name := range slices.Sorted(maps.Keys(send)) {
			c.sendingOne(key+".send."+name, p, name, send[name])
		}
	default:
		c.faultf(key+".send", "%v, want a text, or one for each value: put it in quotes", of.Send)
	}
}

func (c *planner) sendingOne(key string, p *planned, name string, send any) {
	source, ok := send.(string)
	if !ok {
		c.faultf(key, "%v, want a text: put it in quotes", send)
		return
	}
	if p.Kind == entity.Button {
		c.faultf(key, "a button has no values, want one text")
		return
	}
	change, err := p.Change(messages.TextValue(name))
	if err != nil {
		c.fault(key, err)
		return
	}
	if t := c.template(key, source); t != nil {
		p.send[change.Text()] = t
		c.try(key, p, t, change.Value)
	}
}

func (c *planner) template(key, source string) *text.Template {
	t, err := text.ParseTemplate(source)
	if err != nil {
		c.fault(key, err)
		return nil
	}
	return t
}

// try renders a template as setting a value would, and reports whether that goes well.
func (c *planner) try(key string, p *planned, t *text.Template, value messages.Value) bool {
	_, err := t.Render(map[string]messages.Value{p.ID: value})
	if err != nil {
		c.faultf(key, "of %s: %w", value, err)
	}
	return err == nil
}

func (c *planner) then(key string, of *Then) {
	t := then{match: c.pattern(key+".match", of.Match, true), retain: of.Emit.Retain}
	if of.Match == "" {
		c.faultf(key+".match", "is empty, want a pattern")
	}
	kind, _ := messages.ParseType(of.Emit.Type)
	if of.Emit.Action == "" {
		c.faultf(key+".emit.action", "is empty, want an action")
	}
	if t.retain && kind == messages.Command {
		c.faultf(key+".emit.retain", "of a command, want it of a status only")
	}
	to := messages.Address{Function: of.Emit.Function, Gateway: of.Emit.Gateway, Location: of.Emit.Location, Device: of.Emit.Device}
	t.msg = messages.New(kind, to, of.Emit.Action)
	for _, name := range slices.Sorted(maps.Keys(of.Emit.Args)) {
		v, err := messages.ValueOf(of.Emit.Args[name])
		if err != nil {
			c.fault(key+".emit.args."+name, err)
		}
		t.msg = t.msg.WithArg(name, v)
	}
	c.thens = append(c.thens, t)
}
