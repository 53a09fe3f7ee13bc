package entity_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The descriptions of the documentation, and others that nothing is wrong with.
func TestCheckTakes(t *testing.T) {
	for name, d := range map[string]entity.Device{
		"nothing": {},
		"a boiler": {Name: "Boiler", URL: "http://10.0.0.20/", Entities: []entity.Entity{
			{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
			{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(80), Step: entity.F(1)},
			{ID: "mode", Kind: entity.Enum, Write: true, Options: []string{"off", "heat"}, Category: "config"},
			{ID: "stage", Kind: entity.Enum, Class: "enum", Options: []string{"1", "2"}},
			{ID: "fault", Kind: entity.Bool, Class: "problem", Category: "diagnostic"},
			{ID: "pump", Kind: entity.Bool, Write: true, Class: "switch", Words: map[string]string{"true": "PUMP_ON", "false": "PUMP_OFF"}},
			{ID: "firmware", Kind: entity.Text},
			{ID: "since", Kind: entity.Text, Class: "timestamp"},
			{ID: "restart", Kind: entity.Button, Class: "restart", Category: "config", Words: map[string]string{"press": "BEGIN_ANEW"}},
			{ID: "bell", Kind: entity.Event, Class: "doorbell", Options: []string{"ring"}, Words: map[string]string{"ring": "BELL"}},
			{ID: "raw", Kind: entity.Number, Hidden: true},
		}},
		"a meter": {Entities: []entity.Entity{
			{ID: "voltage_l1", Kind: entity.Number, Unit: "V", Class: "voltage", Decimals: entity.D(1)},
			{ID: "power", Kind: entity.Number, Unit: "W", Class: "power", Report: entity.Report{Deadband: 5, AtMost: time.Second, Heartbeat: time.Minute}},
			{ID: "import", Kind: entity.Number, Unit: "kWh", Class: "energy", State: entity.TotalIncreasing},
			{ID: "gas", Kind: entity.Number, Unit: "m³", Class: "gas", State: entity.Total},
			{ID: "factor", Kind: entity.Number, Class: "power_factor"},
			{ID: "dust_micro", Kind: entity.Number, Unit: "\u00b5g/m³", Class: "pm25"},
			{ID: "dust_mu", Kind: entity.Number, Unit: "\u03bcg/m³", Class: "pm25"},
			{ID: "price", Kind: entity.Number, Unit: "EUR", Class: "monetary"},
			{ID: "anything", Kind: entity.Number, Unit: "furlongs", State: entity.Measurement},
			{ID: "lights", Kind: entity.Number, Words: map[string]string{"0": "DARK", "1.5": "DIM"}},
		}},
		"a hub of lamps, with the same words at each": {Entities: []entity.Entity{
			{ID: "on_1", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "LIGHT_ON"}, Address: messages.Address{Location: "a"}, Group: entity.Group{Kind: "light", ID: "one", Role: "on"}},
			{ID: "level_1", Kind: entity.Number, Write: true, Min: entity.F(0), Max: entity.F(100), Group: entity.Group{Kind: "light", ID: "one", Role: "brightness"}},
			{ID: "on_2", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "LIGHT_ON"}, Address: messages.Address{Location: "b"}, Group: entity.Group{Kind: "light", ID: "two", Role: "on"}},
			{ID: "blind", Kind: entity.Number, Write: true, Group: entity.Group{Kind: "cover", ID: "blind", Role: "position"}},
		}},
	} {
		if err := entity.Check(d); err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	number := func(change func(*entity.Entity)) []entity.Entity {
		e := entity.Entity{ID: "a", Kind: entity.Number}
		change(&e)
		return []entity.Entity{e}
	}
	for _, row := range []struct {
		name     string
		entities []entity.Entity
		want     string // all faults
	}{
		{"no ID", []entity.Entity{{Kind: entity.Text}}, `entity "": id: is empty, want a small letter, then small letters, digits and _`},
		{"capitals", []entity.Entity{{ID: "Flow", Kind: entity.Text}}, `entity "Flow": id: "Flow", want a small letter, then small letters, digits and _`},
		{"a digit first", []entity.Entity{{ID: "1st", Kind: entity.Text}}, `entity "1st": id: "1st", want a small letter, then small letters, digits and _`},
		{"a dash", []entity.Entity{{ID: "a-b", Kind: entity.Text}}, `entity "a-b": id: "a-b", want a small letter, then small letters, digits and _`},
		{"a reserved ID", []entity.Entity{{ID: "reply", Kind: entity.Text}}, `entity "reply": id: is a word of the messages' own, want another than action, id, reason, reply, response`},
		{"one ID twice", []entity.Entity{{ID: "a", Kind: entity.Text}, {ID: "a", Kind: entity.Bool}}, `entity "a": id: is described twice, want one of its own`},
		{"no kind", []entity.Entity{{ID: "a", Unit: "V"}}, `entity "a": kind: "", want one of number, bool, enum, text, event, button`},
		{"another kind", []entity.Entity{{ID: "a", Kind: "float"}}, `entity "a": kind: "float", want one of number, bool, enum, text, event, button`},

		{"a unit that does not fit", number(func(e *entity.Entity) { e.Class, e.Unit = "power", "A" }),
			`entity "a": unit: "A" does not fit the class "power", want one of W, kW, mW, MW, GW, TW`},
		{"no unit where one is needed", number(func(e *entity.Entity) { e.Class = "temperature" }),
			`entity "a": unit: "" does not fit the class "temperature", want one of °C, °F, K`},
		{"a unit in other letters", number(func(e *entity.Entity) { e.Class, e.Unit = "volume_flow_rate", "l/min" }),
			`entity "a": unit: "l/min" does not fit the class "volume_flow_rate", want one of m³/h, m³/min, m³/s, L/h, L/min, L/s, mL/s, ft³/min, gal/min, gal/h, gal/d`},
		{"a unit where none may be", number(func(e *entity.Entity) { e.Class, e.Unit = "ph", "pH" }), `entity "a": unit: "pH" does not fit the class "ph", want none`},
		{"no currency", number(func(e *entity.Entity) { e.Class = "monetary" }), `entity "a": unit: none, want a currency such as EUR for the class "monetary"`},
		{"a measured energy", number(func(e *entity.Entity) { e.Class, e.Unit, e.State = "energy", "kWh", "measurement" }),
			`entity "a": state: "measurement" does not fit the class "energy", want one of total_increasing, total`},
		{"a total power", number(func(e *entity.Entity) { e.Class, e.Unit, e.State = "power", "W", "total" }),
			`entity "a": state: "total" does not fit the class "power", want measurement`},
		{"a state where none may be", number(func(e *entity.Entity) { e.Class, e.Unit, e.State = "wind_direction", "°", "measurement" }),
			`entity "a": state: "measurement" does not fit the class "wind_direction", want none`},
		{"another state", number(func(e *entity.Entity) { e.State = "sum" }), `entity "a": state: "sum", want one of measurement, total, total_increasing`},
		{"a state of what is written", number(func(e *entity.Entity) { e.State, e.Write = "total", true }), `entity "a": state: "total" of a number that is written, want none`},
		{"a class of others", []entity.Entity{{ID: "a", Kind: entity.Bool, Write: true, Class: "door"}},
			`entity "a": class: "door", want one that Home Assistant has for a bool that is written: outlet, switch`},
		{"a class where none is", []entity.Entity{{ID: "a", Kind: entity.Text, Write: true, Class: "timestamp"}},
			`entity "a": class: "timestamp", but Home Assistant has none for a text that is written`},
		{"unit and state of no number", []entity.Entity{{ID: "a", Kind: entity.Event, Options: []string{"x"}, Unit: "V", State: "total"}},
			`entity "a": unit: "V" of an event, want none
entity "a": state: "total" of an event, want none`},

		{"a category of no kind", number(func(e *entity.Entity) { e.Category = "debug" }), `entity "a": category: "debug", want config, diagnostic or none`},
		{"config that is only read", number(func(e *entity.Entity) { e.Category = "config" }), `entity "a": category: config of what is only read, want diagnostic`},
		{"an event that is written", []entity.Entity{{ID: "a", Kind: entity.Event, Write: true, Options: []string{"x"}}}, `entity "a": write: an event can't be set, want a button`},
		{"hidden but written", number(func(e *entity.Entity) { e.Hidden, e.Write = true, true }), `entity "a": hidden: nobody could use it, want an entity that is read only`},

		{"bounds the wrong way", number(func(e *entity.Entity) { e.Min, e.Max = entity.F(5), entity.F(5) }), `entity "a": max: 5 is not above min, 5`},
		{"no step", number(func(e *entity.Entity) { e.Step = entity.F(0) }), `entity "a": step: 0, want one above 0`},
		{"a step too far", number(func(e *entity.Entity) { e.Min, e.Max, e.Step = entity.F(0), entity.F(1), entity.F(2) }),
			`entity "a": step: 2 is more than from min to max, want 1 at most`},
		{"no number", number(func(e *entity.Entity) { e.Min = entity.F(math.NaN()) }), `entity "a": min: NaN, want a number`},
		{"decimals", number(func(e *entity.Entity) { e.Decimals = entity.D(16) }), `entity "a": decimals: 16, want 0 to 15`},
		{"numbers of a text", []entity.Entity{{ID: "a", Kind: entity.Text, Max: entity.F(3), Decimals: entity.D(1)}},
			`entity "a": max: 3 of a text, want none
entity "a": decimals: 1 of a text, want none`},

		{"no options", []entity.Entity{{ID: "a", Kind: entity.Enum}}, `entity "a": options: none, want at least one`},
		{"bad options", []entity.Entity{{ID: "a", Kind: entity.Event, Options: []string{"x", "", "x"}}},
			`entity "a": options: an empty one, want a word
entity "a": options: "x" twice, want it once`},
		{"options of a number", number(func(e *entity.Entity) { e.Options = []string{"x"} }), `entity "a": options: of a number, want none`},

		{"words of what is no value", []entity.Entity{
			{ID: "a", Kind: entity.Bool, Words: map[string]string{"on": "A", "true": ""}},
			{ID: "b", Kind: entity.Enum, Options: []string{"x", "y"}, Words: map[string]string{"z": "B"}},
			{ID: "c", Kind: entity.Number, Words: map[string]string{"one": "C"}},
			{ID: "d", Kind: entity.Button, Words: map[string]string{"true": "D"}},
		}, `entity "a": words: "on" is no value of it, want true or false
entity "a": words: an empty one for "true", want an action
entity "b": words: "z" is no value of it, want one of x, y
entity "c": words: "one" is no value of it, want a number
entity "d": words: "true" is no value of it, want press`},
		{"one word for two values", []entity.Entity{{ID: "a", Kind: entity.Bool, Words: map[string]string{"true": "X", "false": "X"}}},
			`entity "a": words: "X" means false of "a" and true of "a" at one address, want a word for each`},
		{"one word for two entities", []entity.Entity{
			{ID: "x", Kind: entity.Button}, {ID: "a", Kind: entity.Bool, Words: map[string]string{"true": "X"}}, {ID: "e", Kind: entity.Event, Options: []string{"X"}},
		}, `entity "a": words: "X" means "x" and true of "a" at one address, want a word for each
entity "e": words: "X" means "x" and X of "e" at one address, want a word for each`},
		{"a word of all devices", []entity.Entity{{ID: "get", Kind: entity.Button}, {ID: "a", Kind: entity.Bool, Words: map[string]string{"true": "STATE"}}},
			`entity "get": words: GET is an action of every device, want another for "get"
entity "a": words: STATE is an action of every device, want another for true of "a"`},

		{"a report of no value", []entity.Entity{{ID: "a", Kind: entity.Button, Report: entity.Report{Stale: 1}}}, `entity "a": report: of a button, which has no value, want none`},
		{"a deadband of a bool", []entity.Entity{{ID: "a", Kind: entity.Bool, Report: entity.Report{Deadband: 1}}}, `entity "a": report.deadband: 1 of a bool, want none`},
		{"a deadband below 0", number(func(e *entity.Entity) { e.Report.Deadband = -1 }), `entity "a": report.deadband: -1, want 0 or more`},
		{"a deadband of NaN", number(func(e *entity.Entity) { e.Report.Deadband = math.NaN() }), `entity "a": report.deadband: NaN, want 0 or more`},
		{"a time below 0", number(func(e *entity.Entity) { e.Report.Stale = -1 }), `entity "a": report: a time below 0, want 0 or more`},
		{"a heartbeat too fast", number(func(e *entity.Entity) { e.Report = entity.Report{AtMost: time.Minute, Heartbeat: time.Second} }),
			`entity "a": report.heartbeat: 1s is less than at_most, want 1m0s or more`},

		{"groups", []entity.Entity{
			{ID: "a", Kind: entity.Bool, Write: true, Group: entity.Group{Kind: "fan", ID: "g", Role: "on"}},
			{ID: "b", Kind: entity.Number, Write: true, Group: entity.Group{Kind: "light", ID: "h", Role: "on"}},
			{ID: "c", Kind: entity.Bool, Group: entity.Group{Kind: "light", ID: "h", Role: "on"}},
			{ID: "d", Kind: entity.Number, Group: entity.Group{Kind: "cover", ID: "h", Role: "position"}},
			{ID: "e", Kind: entity.Number, Write: true, Group: entity.Group{Kind: "light", ID: "i", Role: "brightness"}},
			{ID: "f", Kind: entity.Number, Group: entity.Group{Kind: "cover", ID: "J", Role: "height"}},
			{ID: "g", Kind: entity.Number, Hidden: true, Group: entity.Group{Kind: "cover", ID: "k", Role: "position"}},
		}, `entity "a": group: kind: "fan", want one of cover, light
entity "b": group: role: "on" is a bool's, not a number's
entity "c": group: role: "on" of "h" is "b" already
entity "c": group: role: "on" is for an entity that is written
entity "d": group: kind: "cover", but others make "h" a light
entity "f": group: id: "J", want a small letter, then small letters, digits and _
entity "f": group: role: "height", want one of move, position, state, tilt
entity "g": group: is for what is told to others, and this is hidden
group "i": a light without on
group "J": a cover without one of position, move`},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := entity.Check(entity.Device{Entities: row.entities})
			if err == nil || err.Error() != row.want {
				t.Fatalf("got\n%v\nwant\n%s", err, row.want)
			}
			for line := range strings.Lines(err.Error()) {
				if twice := wording.Doubled(line); twice != "" {
					t.Errorf("%s says %q twice", line, twice)
				}
			}
		})
	}
	if err := entity.Check(entity.Device{URL: "10.0.0.20"}); err == nil || err.Error() != `url: "10.0.0.20", want one that begins with http:// or https://` {
		t.Error(err)
	}
}

func TestStateClass(t *testing.T) {
	for _, row := range []struct {
		entity entity.Entity
		want   string
	}{
		{entity.Entity{Kind: entity.Number}, "measurement"},
		{entity.Entity{Kind: entity.Number, Class: "voltage"}, "measurement"},
		{entity.Entity{Kind: entity.Number, Class: "energy"}, "total_increasing"},
		{entity.Entity{Kind: entity.Number, Class: "monetary"}, "total"},
		{entity.Entity{Kind: entity.Number, Class: "wind_direction"}, ""},
		{entity.Entity{Kind: entity.Number, Class: "energy", State: "total"}, "total"},
		{entity.Entity{Kind: entity.Number, Class: "temperature", Write: true}, ""},
		{entity.Entity{Kind: entity.Bool, Class: "door"}, ""},
	} {
		if got := row.entity.StateClass(); got != row.want {
			t.Errorf("%+v: %q, want %q", row.entity, got, row.want)
		}
	}
}
