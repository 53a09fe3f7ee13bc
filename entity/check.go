package entity

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Check returns all that is wrong with d, joined, each fault with what would have been right: IDs, kinds, classes with their units
// and state classes as Home Assistant takes them, bounds, options, words, groups. Nil: nothing.
func Check(d Device) error {
	var faults []error
	if u, err := url.Parse(d.URL); d.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		faults = append(faults, fmt.Errorf("url: %q, want one that begins with http:// or https://", d.URL))
	}
	seen := make(map[string]bool)
	for i := range d.Entities {
		c := check{&d.Entities[i], nil}
		c.all()
		if seen[c.ID] {
			c.fault("id: is described twice, want one of its own")
		}
		seen[c.ID] = true
		for _, err := range c.faults {
			faults = append(faults, fmt.Errorf("entity %q: %w", c.ID, err))
		}
	}
	faults = append(faults, checkWords(&d)...)
	return errors.Join(append(faults, checkGroups(&d)...)...)
}

// check collects the faults of one entity.
type check struct {
	*Entity
	faults []error
}

func (c *check) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

func (c *check) all() {
	if err := CheckID(c.ID); err != nil {
		c.fault("id: %w", err)
	}
	if !slices.Contains(kinds, c.Kind) {
		c.fault("kind: %q, want one of %s", c.Kind, join(kinds))
		return // all else depends on it
	}
	if c.Hidden && (c.Write || !c.Kind.HasValue()) {
		c.fault("hidden: nobody could use it, want an entity that is read only")
	}
	c.class()
	c.category()
	c.numbers()
	c.options()
	c.words()
	c.report()
}

// kinds in the order of their constants.
var kinds = []Kind{Number, Bool, Enum, Text, Event, Button}

// reserved are the keys that a message has a meaning of its own for.
var reserved = []string{"action", messages.ArgID, messages.ArgReason, messages.ArgReply, messages.ArgResponse}

// CheckID says why id can't be the ID of an entity or a group; nil if it can.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("is empty, want a small letter, then small letters, digits and _")
	case slices.Contains(reserved, id):
		return fmt.Errorf("is a word of the messages' own, want another than %s", join(reserved))
	case id[0] < 'a' || id[0] > 'z' || strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}):
		return fmt.Errorf("%q, want a small letter, then small letters, digits and _", id)
	}
	return nil
}

// class checks Class, Unit and State together.
func (c *check) class() {
	if known := classesOf(c.Kind, c.Write); c.Class != "" && !slices.Contains(known, c.Class) {
		if len(known) == 0 {
			c.fault("class: %q, but Home Assistant has none for %s", c.Class, c.what())
		} else {
			c.fault("class: %q, want one that Home Assistant has for %s: %s", c.Class, c.what(), join(known))
		}
	}
	if c.Kind != Number {
		if c.Unit != "" {
			c.fault("unit: %q of %s, want none", c.Unit, c.what())
		}
		if c.State != "" {
			c.fault("state: %q of %s, want none", c.State, c.what())
		}
		return
	}
	class, known := numberClasses[c.Class]
	if known && !class.takes(c.Unit) {
		if class.units == nil {
			c.fault("unit: none, want a currency such as EUR for the class %q", c.Class)
		} else {
			c.fault("unit: %q does not fit the class %q, want %s", c.Unit, c.Class, units(class.units))
		}
	}
	switch {
	case c.State == "":
	case c.Write:
		c.fault("state: %q of a number that is written, want none", c.State)
	case !slices.Contains(anyState, c.State):
		c.fault("state: %q, want one of %s", c.State, join(anyState))
	case known && len(class.states) == 0:
		c.fault("state: %q does not fit the class %q, want none", c.State, c.Class)
	case known && !slices.Contains(class.states, c.State):
		c.fault("state: %q does not fit the class %q, want %s", c.State, c.Class, oneOf(class.states))
	}
}

// what names the kind of entity that Home Assistant has classes for.
func (c *check) what() string {
	what := "a " + string(c.Kind)
	if c.Kind == Event || c.Kind == Enum {
		what = "an " + string(c.Kind)
	}
	if c.Write && c.Kind != Button {
		what += " that is written"
	}
	return what
}

func (c *check) category() {
	switch c.Category {
	case "", "diagnostic":
	case "config":
		if !c.Write && c.Kind != Button {
			c.fault("category: config of what is only read, want diagnostic")
		}
	default:
		c.fault("category: %q, want config, diagnostic or none", c.Category)
	}
	if c.Write && c.Kind == Event {
		c.fault("write: an event can't be set, want a button")
	}
}

// numbers checks Min, Max, Step and Decimals.
func (c *check) numbers() {
	for _, b := range []struct {
		name  string
		value *float64
	}{{"min", c.Min}, {"max", c.Max}, {"step", c.Step}} {
		switch {
		case b.value == nil:
		case c.Kind != Number:
			c.fault("%s: %v of %s, want none", b.name, *b.value, c.what())
		case math.IsNaN(*b.value) || math.IsInf(*b.value, 0):
			c.fault("%s: %v, want a number", b.name, *b.value)
		}
	}
	if c.Kind != Number {
		if c.Decimals != nil {
			c.fault("decimals: %d of %s, want none", *c.Decimals, c.what())
		}
		return
	}
	if c.Min != nil && c.Max != nil && !(*c.Min < *c.Max) {
		c.fault("max: %v is not above min, %v", *c.Max, *c.Min)
	}
	if c.Step != nil && *c.Step <= 0 {
		c.fault("step: %v, want one above 0", *c.Step)
	}
	if c.Step != nil && c.Min != nil && c.Max != nil && *c.Min < *c.Max && *c.Step > *c.Max-*c.Min {
		c.fault("step: %v is more than from min to max, want %v at most", *c.Step, *c.Max-*c.Min)
	}
	if c.Decimals != nil && (*c.Decimals < 0 || *c.Decimals > maxDecimals) {
		c.fault("decimals: %d, want 0 to %d", *c.Decimals, maxDecimals)
	}
}

// maxDecimals is as many as a float64 has.
const maxDecimals = 15

func (c *check) options() {
	if c.Kind != Enum && c.Kind != Event {
		if len(c.Options) > 0 {
			c.fault("options: of %s, want none", c.what())
		}
		return
	}
	if len(c.Options) == 0 {
		c.fault("options: none, want at least one")
	}
	for i, option := range c.Options {
		switch {
		case option == "":
			c.fault("options: an empty one, want a word")
		case slices.Contains(c.Options[:i], option):
			c.fault("options: %q twice, want it once", option)
		}
	}
}

// words checks the words of one entity: what stands for what.
func (c *check) words() {
	for _, key := range sortedKeys(c.Words) {
		if want := c.wordKey(key); want != "" {
			c.fault("words: %q is no value of it, want %s", key, want)
		}
		if c.Words[key] == "" {
			c.fault("words: an empty one for %q, want an action", key)
		}
	}
}

// wordKey returns "" if key is a value of the entity, and otherwise what would be one.
func (c *check) wordKey(key string) string {
	ok := true
	switch c.Kind {
	case Number:
		v, err := messages.ParseValue(key)
		ok = err == nil && v.Kind() == messages.Number
	case Bool:
		ok = key == "true" || key == "false"
	case Enum, Event:
		ok = slices.Contains(c.Options, key)
	case Button:
		if key != Press {
			return Press
		}
	}
	if ok {
		return ""
	}
	return c.want()
}

func (c *check) report() {
	r := c.Report
	if r == (Report{}) {
		return
	}
	if !c.Kind.HasValue() {
		c.fault("report: of %s, which has no value, want none", c.what())
		return
	}
	if r.Deadband != 0 && c.Kind != Number {
		c.fault("report.deadband: %v of %s, want none", r.Deadband, c.what())
	}
	if !(r.Deadband >= 0) || math.IsInf(r.Deadband, 0) {
		c.fault("report.deadband: %v, want 0 or more", r.Deadband)
	}
	if r.AtMost < 0 || r.Heartbeat < 0 || r.Stale < 0 {
		c.fault("report: a time below 0, want 0 or more")
	}
	if r.Heartbeat > 0 && r.Heartbeat < r.AtMost {
		c.fault("report.heartbeat: %s is less than at_most, want %s or more", r.Heartbeat, r.AtMost)
	}
}

// checkWords finds actions that mean two things at one address: both a listener and a command would not know which.
func checkWords(d *Device) (faults []error) {
	type said struct {
		address messages.Address
		action  string
	}
	by := map[said]string{}
	for i := range d.Entities {
		e := &d.Entities[i]
		if e.Hidden {
			continue
		}
		for _, w := range e.Actions() {
			key := said{d.AddressOf(e), w.Action}
			meaning := fmt.Sprintf("%q", e.ID)
			if w.Value != "" {
				meaning = fmt.Sprintf("%s of %q", w.Value, e.ID)
			}
			switch other, twice := by[key]; {
			case w.Action == ActionState || w.Action == ActionSet || w.Action == ActionGet:
				faults = append(faults, fmt.Errorf("entity %q: words: %s is an action of every device, want another for %s", e.ID, w.Action, meaning))
			case twice && other != meaning: // an option that is doubled is a fault of its own
				faults = append(faults, fmt.Errorf("entity %q: words: %q means %s and %s at one address, want a word for each", e.ID, w.Action, other, meaning))
			default:
				by[key] = meaning
			}
		}
	}
	return faults
}

// Meaning is an action with the value that it stands for.
type Meaning struct {
	Value  string // as the keys of Words; "" for a Button
	Action string
}

// Actions returns the actions that e is said, or set, by beside STATE and SET, sorted by value: its words, the types of an Event,
// the word of a Button.
func (e *Entity) Actions() []Meaning {
	var list []Meaning
	switch e.Kind {
	case Button:
		return []Meaning{{"", e.PressWord()}}
	case Event:
		for _, typ := range e.Options {
			list = append(list, Meaning{typ, cmp.Or(e.Words[typ], typ)})
		}
	default:
		for value, action := range e.Words {
			list = append(list, Meaning{value, action})
		}
	}
	slices.SortFunc(list, func(a, b Meaning) int { return cmp.Compare(a.Value, b.Value) })
	return list
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// join returns the words of a list with commas.
func join[S ~string](list []S) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// oneOf returns the words of a list as a choice.
func oneOf(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "one of " + join(list)
}

// units returns units as a choice, in which none has a word.
func units(list []string) string {
	named := slices.Clone(list)
	for i, u := range named {
		if u == "" {
			named[i] = "none"
		}
	}
	return oneOf(named)
}

// micro returns unit with the micro sign that Home Assistant uses.
func micro(unit string) string { return strings.ReplaceAll(unit, "\u00b5", "\u03bc") }
