package entity_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

var (
	setpoint = entity.Entity{ID: "setpoint", Kind: entity.Number, Write: true, Unit: "°C", Min: entity.F(5), Max: entity.F(60), Step: entity.F(0.5)}
	ratio    = entity.Entity{ID: "ratio", Kind: entity.Number, Write: true, Step: entity.F(0.1)}
	free     = entity.Entity{ID: "free", Kind: entity.Number, Write: true}
	relay    = entity.Entity{ID: "relay", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}}
	mode     = entity.Entity{ID: "mode", Kind: entity.Enum, Write: true, Options: []string{"heat", "off"}}
	label    = entity.Entity{ID: "label", Kind: entity.Text, Write: true}
	reset    = entity.Entity{ID: "reset", Kind: entity.Button}
	bell     = entity.Entity{ID: "bell", Kind: entity.Event, Options: []string{"single", "double"}, Words: map[string]string{"single": "RING"}}
	flow     = entity.Entity{ID: "flow", Kind: entity.Number, Words: map[string]string{"0": "DRY"}}
)

func TestChange(t *testing.T) {
	for _, row := range []struct {
		name   string
		entity entity.Entity
		value  string
		want   string // the value, or the error
	}{
		{"number", setpoint, `21.5`, `21.5`},
		{"number in a text, as a payload has it", setpoint, `"21.5"`, `21.5`},
		{"lowest", setpoint, `5`, `5`},
		{"highest, in other words", setpoint, `6e1`, `6e1`},
		{"below", setpoint, `4.5`, `setpoint: 4.5 is below 5 °C`},
		{"above", setpoint, `70`, `setpoint: 70 is above 60 °C`},
		{"between steps", setpoint, `21.3`, `setpoint: 21.3 is between the steps of 0.5 °C; the nearest is 21.5 °C`},
		{"beyond floats", setpoint, `1e999`, `setpoint: 1e999, want a number`},
		{"no number", setpoint, `"warm"`, `setpoint: "warm", want a number`},
		{"hexadecimal", setpoint, `"0x10"`, `setpoint: "0x10", want a number`},
		{"bool for a number", setpoint, `true`, `setpoint: true, want a number`},
		{"null", setpoint, `null`, `setpoint: null, want a number`},
		{"a step that float64 can't say", ratio, `0.3`, `0.3`},
		{"many steps", ratio, `123456.7`, `123456.7`},
		{"between them", ratio, `0.25`, `ratio: 0.25 is between the steps of 0.1; the nearest is 0.3`},
		{"no bounds", free, `-12345678901234567890`, `-12345678901234567890`},
		{"true", relay, `true`, `true`},
		{"text for a bool", relay, `"false"`, `false`},
		{"on", relay, `"ON"`, `true`},
		{"off in any case", relay, `"Off"`, `false`},
		{"a number for a bool", relay, `1`, `relay: 1, want true or false`},
		{"another word for a bool", relay, `"yes"`, `relay: "yes", want true or false`},
		{"option", mode, `"heat"`, `"heat"`},
		{"option in another case", mode, `"HEAT"`, `mode: "HEAT", want one of heat, off`},
		{"no option", mode, `1`, `mode: 1, want one of heat, off`},
		{"text", label, `"21.5"`, `"21.5"`},
		{"empty text", label, `""`, `""`},
		{"a number for a text", label, `21.5`, `label: 21.5, want a text`},
		{"press", reset, `"PRESS"`, `null`},
		{"press with nothing", reset, `null`, `null`},
		{"what is only read", flow, `1`, `flow: can't be set`},
		{"an event", bell, `"single"`, `bell: can't be set`},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := messages.ParseValue(row.value)
			if err != nil {
				t.Fatal(err)
			}
			c, err := row.entity.Change(v)
			got := c.Value.Raw()
			if err != nil {
				got = err.Error()
			} else if c.ID != row.entity.ID {
				t.Errorf("changes %q, want %q", c.ID, row.entity.ID)
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestChangeIsTyped(t *testing.T) {
	number := entity.Change{ID: "a", Value: messages.FloatValue(21.5)}
	if number.Float() != 21.5 || number.Int() != 0 || number.Bool() || number.Text() != "21.5" {
		t.Errorf("%v %v %v %q", number.Float(), number.Int(), number.Bool(), number.Text())
	}
	if whole := (entity.Change{Value: messages.IntValue(3)}); whole.Int() != 3 || whole.Float() != 3 {
		t.Errorf("%v %v", whole.Int(), whole.Float())
	}
	if on := (entity.Change{Value: messages.BoolValue(true)}); !on.Bool() || on.Text() != "true" {
		t.Errorf("%v %q", on.Bool(), on.Text())
	}
	if word := (entity.Change{Value: messages.TextValue("heat")}); word.Text() != "heat" {
		t.Errorf("%q", word.Text())
	}
	if press := (entity.Change{ID: "reset"}); press.Text() != "" || press.Float() != 0 {
		t.Errorf("%q %v", press.Text(), press.Float())
	}
}

func TestActionsAreWords(t *testing.T) {
	for _, row := range []struct {
		entity entity.Entity
		action string
		want   string // the value; "": none
	}{
		{relay, "LIGHT_ON", "true"},
		{relay, "LIGHT_OFF", "false"},
		{relay, "light_on", ""},
		{reset, "RESET", "null"},
		{reset, "PRESS", ""},
		{entity.Entity{ID: "reset", Kind: entity.Button, Words: map[string]string{entity.Press: "START_ANEW"}}, "START_ANEW", "null"},
		{flow, "DRY", ""}, // said only: flow can't be set
		{entity.Entity{ID: "gate", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "OPEN"}}, "CLOSE", ""},
	} {
		c, ok := row.entity.Action(row.action)
		if ok != (row.want != "") || ok && c.Value.Raw() != row.want {
			t.Errorf("%s of %s: %s, %t, want %q", row.action, row.entity.ID, c.Value, ok, row.want)
		}
	}
}

func TestEventAction(t *testing.T) {
	for _, row := range []struct {
		entity    entity.Entity
		typ, want string
	}{
		{bell, "single", "RING"},
		{bell, "double", "double"},
		{bell, "triple", `bell: "triple", want one of single, double`},
		{relay, "single", "relay: is a bool, not an event"},
	} {
		got, err := row.entity.EventAction(row.typ)
		if err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s of %s: got %q, want %q", row.typ, row.entity.ID, got, row.want)
		}
	}
}

func TestLabelAndAddress(t *testing.T) {
	d := entity.Device{Address: messages.Address{Function: "Heating", Device: "boiler"}, Entities: []entity.Entity{
		{ID: "flow_temperature", Address: messages.Address{Device: "pump", Location: "cellar"}}, {ID: "x", Name: "Named"},
	}}
	e, ok := d.Entity("flow_temperature")
	if !ok || e.Label() != "Flow temperature" {
		t.Errorf("%t, %q", ok, e.Label())
	}
	if got := d.AddressOf(e); got != (messages.Address{Function: "Heating", Location: "cellar", Device: "pump"}) {
		t.Errorf("%+v", got)
	}
	if e, _ := d.Entity("x"); e.Label() != "Named" || d.AddressOf(e) != d.Address {
		t.Errorf("%q, %+v", e.Label(), d.AddressOf(e))
	}
	if _, ok := d.Entity("y"); ok {
		t.Error("y is there")
	}
}

// Whatever is set, the change is one that the entity could have read, and setting it again changes nothing.
func FuzzChange(f *testing.F) {
	for _, s := range []string{`21.5`, `"ON"`, `true`, `"heat"`, `null`, `1e400`, `-0`, `"-0.0e5"`, `[1]`, `{"a":1}`, `0.30000000000000004`} {
		f.Add(s)
	}
	all := []entity.Entity{setpoint, ratio, free, relay, mode, label}
	f.Fuzz(func(t *testing.T, literal string) {
		v, err := messages.ParseValue(literal)
		if err != nil {
			return
		}
		s := entity.NewSet()
		if err := s.Describe(entity.Device{Entities: all}); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			c, err := e.Change(v)
			if err != nil {
				if !strings.HasPrefix(err.Error(), e.ID+": ") {
					t.Errorf("%s: %v", e.ID, err)
				}
				continue
			}
			if again, err := e.Change(c.Value); err != nil || again.Value != c.Value {
				t.Errorf("%s: %s, and then %s, %v", e.ID, c.Value, again.Value, err)
			}
			if _, err := s.Update(begin, readBack(c)); err != nil {
				t.Errorf("%s: %s can be set but not read: %v", e.ID, c.Value, err)
			}
		}
	})
}

// readBack returns what is read when the equipment has done what it was told.
func readBack(c entity.Change) entity.Reading { return entity.Reading{ID: c.ID, Value: c.Value} }
