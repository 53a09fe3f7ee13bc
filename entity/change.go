package entity

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Change is what one entity is to be set to. It is validated and typed before a device sees it: the Value of a Number is a number
// within the entity's bounds, of a Bool true or false, of an Enum one of its options. A Button is a Change without a value.
type Change struct {
	ID    string
	Value messages.Value
}

// Float returns what a Number is to be set to, and 0 for other kinds.
func (c Change) Float() float64 { f, _ := c.Value.Float(); return f }

// Int returns what a Number is to be set to, and 0 for a number with a fraction and for other kinds.
func (c Change) Int() int64 { n, _ := c.Value.Int(); return n }

// Bool returns what a Bool is to be set to, and false for other kinds.
func (c Change) Bool() bool { b, _ := c.Value.Bool(); return b }

// Text returns what an Enum or a Text is to be set to, a number's digits or a bool's word, and "" for a Button.
func (c Change) Text() string {
	if c.Value.Kind() == messages.Null {
		return ""
	}
	return c.Value.String()
}

// Change types and validates what e is to be set to. v is what a SET says, or the text of a payload: a Number takes "21.5" as well
// as 21.5, a Bool ON and OFF in any case as well as true and false. A Button takes whatever is sent. The error says what would have
// been right, beginning with the ID.
func (e *Entity) Change(v messages.Value) (Change, error) {
	if !e.Write && e.Kind != Button {
		return Change{}, fmt.Errorf("%s: can't be set", e.ID)
	}
	if e.Kind == Button {
		return Change{ID: e.ID}, nil
	}
	if v.Kind() == messages.Null {
		return Change{}, fmt.Errorf("%s: null, want %s", e.ID, e.want())
	}
	switch e.Kind {
	case Number:
		return e.setNumber(v)
	case Bool:
		if _, ok := v.Bool(); ok {
			return Change{e.ID, v}, nil
		}
		switch text, _ := v.Text(); strings.ToLower(text) {
		case "on", "true":
			return Change{e.ID, messages.BoolValue(true)}, nil
		case "off", "false":
			return Change{e.ID, messages.BoolValue(false)}, nil
		}
	case Enum:
		if text, ok := v.Text(); ok && slices.Contains(e.Options, text) {
			return Change{e.ID, v}, nil
		}
	case Text:
		if v.Kind() == messages.Text {
			return Change{e.ID, v}, nil
		}
	}
	return Change{}, fmt.Errorf("%s: %s, want %s", e.ID, v.Raw(), e.want())
}

// want says what e takes.
func (e *Entity) want() string {
	switch e.Kind {
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Enum, Event:
		return "one of " + strings.Join(e.Options, ", ")
	}
	return "a text"
}

func (e *Entity) setNumber(v messages.Value) (Change, error) {
	f, ok := v.Float()
	if !ok {
		return Change{}, fmt.Errorf("%s: %s, want a number", e.ID, v.Raw())
	}
	v, err := messages.ParseValue(v.String()) // of a text the number in it
	if err != nil {
		return Change{}, fmt.Errorf("%s: %w", e.ID, err)
	}
	switch {
	case e.Min != nil && f < *e.Min:
		return Change{}, fmt.Errorf("%s: %s is below %s", e.ID, v.Raw(), e.amount(*e.Min))
	case e.Max != nil && f > *e.Max:
		return Change{}, fmt.Errorf("%s: %s is above %s", e.ID, v.Raw(), e.amount(*e.Max))
	}
	if near, ok := e.onStep(f); !ok {
		return Change{}, fmt.Errorf("%s: %s is between the steps of %s; the nearest is %s", e.ID, v.Raw(), e.amount(*e.Step), e.amount(near))
	}
	return Change{e.ID, v}, nil
}

// onStep reports whether f is one of the steps of e, and returns the nearest that is.
func (e *Entity) onStep(f float64) (near float64, ok bool) {
	if e.Step == nil || *e.Step <= 0 {
		return f, true
	}
	from := 0.0
	if e.Min != nil {
		from = *e.Min
	}
	steps := math.Round((f - from) / *e.Step)
	if e.Max != nil {
		steps = min(steps, math.Floor((*e.Max-from) / *e.Step + 1e-9))
	}
	near = from + steps**e.Step
	near, _ = strconv.ParseFloat(strconv.FormatFloat(near, 'g', 12, 64), 64) // 0.1 × 3 is 0.3
	return near, math.Abs(f-near) <= 1e-9*max(1, math.Abs(f) / *e.Step)**e.Step
}

// amount returns f with the unit of e.
func (e *Entity) amount(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if e.Unit != "" {
		text += " " + e.Unit
	}
	return text
}

// Word returns the action by which e says that its value is v, and false if e has no word for v. The keys of Words are values as
// text: true and false of a Bool, an option of an Enum, a number.
func (e *Entity) Word(v messages.Value) (action string, ok bool) {
	if len(e.Words) == 0 || v.Kind() == messages.Null {
		return "", false
	}
	if action, ok = e.Words[v.String()]; ok || e.Kind != Number {
		return action, ok
	}
	for key, action := range e.Words { // 1.0 is 1
		if w, err := messages.ParseValue(key); err == nil && w.Equal(v) {
			return action, true
		}
	}
	return "", false
}

// Action returns the change that a command with the action asks for: the value that has the action as its word, or the press of a
// Button, whose word is Words[Press] or its ID in capitals. It returns false if e has no such word, or can't be set.
func (e *Entity) Action(action string) (Change, bool) {
	if e.Kind == Button {
		return Change{ID: e.ID}, action == e.PressWord()
	}
	if !e.Write {
		return Change{}, false
	}
	for key, word := range e.Words {
		if word != action {
			continue
		}
		if c, err := e.Change(messages.TextValue(key)); err == nil {
			return c, true
		}
	}
	return Change{}, false
}

// PressWord returns the action that presses a Button.
func (e *Entity) PressWord() string {
	if word, ok := e.Words[Press]; ok {
		return word
	}
	return strings.ToUpper(e.ID)
}

// EventAction returns the action by which e, an Event, says that typ has happened: its word, or typ itself. A typ that is none of
// the options is an error.
func (e *Entity) EventAction(typ string) (string, error) {
	if e.Kind != Event {
		return "", fmt.Errorf("%s: is a %s, not an event", e.ID, e.Kind)
	}
	if !slices.Contains(e.Options, typ) {
		return "", fmt.Errorf("%s: %q, want %s", e.ID, typ, e.want())
	}
	if word, ok := e.Words[typ]; ok {
		return word, nil
	}
	return typ, nil
}
