package profile

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

const meter = `
profile: meter
of: modbus
products: [{brand: Eastron, model: SDM630}]
example: {unit: 1}
params:
  prefix: {doc: in front of ids, default: ""}
  from: {doc: first register, default: 0, min: 0, max: 100}
  phases: {doc: which there are, default: [l1, l2]}
device: {manufacturer: Eastron, model: 'SDM{{add 600 30}}'}
defaults: {every: 10s, most: 80, auth: {user: me, words: {a: A, b: B}}}
probe: {input: '{{.from}}', between: [50, 300]}
points:
  - {each: {l2: 2, l10: 20}, id: "{{.prefix}}voltage_{{.key}}", input: '{{add .from .value}}', unit: V}
  - {each: '{{.phases}}', id: 'on_{{.value}}', send: '{{.key}} {{printf "%03.0f" (mul .volume 10)}}', options: '{{.phases}}'}
  - {id: power, input: 0x34, words: {true: ON, false: OFF}}
  - {id: other, scale: 0.1}
`

func parsed(t *testing.T, text string) *Profile {
	t.Helper()
	p, err := Parse("meter.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// read reads options.
func read(t *testing.T, text string) map[string]any {
	t.Helper()
	raw, err := config.ReadYAML("own.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if raw == nil {
		raw = map[string]any{}
	}
	return raw
}

// A profile and what a user says, and what has to come of it: the options of the type that differ from those without a user.
func TestRender(t *testing.T) {
	const (
		voltage = `{id: voltage_l2, input: "2", unit: V}, {id: voltage_l10, input: "20", unit: V}`
		on      = `{id: on_l1, send: 'l1 {{printf "%03.0f" (mul .volume 10)}}', options: [l1, l2]}, {id: on_l2, send: 'l2 {{printf "%03.0f" (mul .volume 10)}}', options: [l1, l2]}`
		power   = `{id: power, input: 52, words: {true: ON, false: OFF}}`
		other   = `{id: other, scale: 0.1}`
		plain   = voltage + "," + on + "," + power + "," + other
	)
	for name, row := range map[string]struct{ own, want string }{
		"nothing":           {`profile: meter`, ``},
		"in another case":   {`{Profile: meter, EVERY: 5s}`, `every: 5s`},
		"an own option":     {`{every: 5s, line: cellar, unit: 1}`, `{every: 5s, line: cellar, unit: 1}`},
		"a section":         {`auth: {user: you, words: {b: C, c: D}}`, `auth: {user: you, words: {a: A, b: C, c: D}}`},
		"null":              {`{every: null, auth: {words: {a: null}}}`, `{every: null, auth: {user: me, words: {b: B}}}`},
		"other than it was": {`auth: none`, `auth: none`},
		"a parameter": {`{prefix: x_, Phases: [c], from: 7}`,
			`{probe: {input: 7, between: [50, 300]}, points: [{id: x_voltage_l2, input: "9", unit: V}, {id: x_voltage_l10, input: "27", unit: V},
			{id: on_c, send: 'c {{printf "%03.0f" (mul .volume 10)}}', options: [c]}, ` + power + "," + other + `]}`},
		"points": {`points: [{ID: power, input: 54, words: {false: null}, Hidden: true}, {id: mine, input: 1}, {id: voltage_l10, unit: null}, {match: x}]`,
			`points: [{id: voltage_l2, input: "2", unit: V}, {id: voltage_l10, input: "20"}, ` + on + `,
			{id: power, input: 54, words: {true: ON}, Hidden: true}, ` + other + `, {id: mine, input: 1}, {match: x}]`},
		"no points": {`points: []`, ``},
	} {
		want := read(t, `{about: {manufacturer: Eastron, model: 'SDM{{add 600 30}}'}, every: 10s, most: 80, auth: {user: me, words: {a: A, b: B}},
			probe: {input: 0, between: [50, 300]}, points: [`+plain+`]}`)
		for key, value := range read(t, row.want) {
			if want[key] = value; value == nil {
				delete(want, key)
			}
		}
		own := read(t, row.own)
		before := read(t, row.own)
		got, err := parsed(t, meter).Render("modbus", own)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(plainly(got), plainly(want)) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, plainly(got), plainly(want))
		}
		if !reflect.DeepEqual(own, before) {
			t.Errorf("%s: what the user gives has become %v", name, own)
		}
	}
}

// plainly returns a value whose numbers are of one type.
func plainly(v map[string]any) (plain any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		panic(err)
	}
	return plain
}

// Points in whatever list are found by their IDs.
func TestPointsBelowOthers(t *testing.T) {
	p := parsed(t, `{profile: m, of: http, defaults: {reads: [{each: [0, 1], get: '/{{.key}}', points: [{id: 'relay{{.value}}', value: .x}]}]}}`)
	got, err := p.Render("http", read(t, `points: [{id: relay1, name: Lamp}, {id: sum, value: $relay0}]`))
	want := read(t, `{reads: [{get: /0, points: [{id: relay0, value: .x}]}, {get: /1, points: [{id: relay1, value: .x, name: Lamp}]}], points: [{id: sum, value: $relay0}]}`)
	if err != nil || !reflect.DeepEqual(plainly(got), plainly(want)) {
		t.Errorf("got  %v, %v\nwant %v", plainly(got), err, plainly(want))
	}
}

func TestRenderFaults(t *testing.T) {
	for own, says := range map[string]string{
		`from: 200`:                          "from: 200 is out of range: want 0 to 100",
		`{From: low, phases: 1}`:             "From: want a whole number, have \"low\"\nphases: want a list, have a number",
		`points: {power: {}}`:                "points: want a list of points",
		`points: [{id: power}, {ID: power}]`: `points[1].id: "power" is points[0] already`,
		`{every: 1s, Every: 2s}`:             "every: given twice, also as Every",
	} {
		if _, err := parsed(t, meter).Render("modbus", read(t, own)); err == nil || err.Error() != says {
			t.Errorf("%s: %v, want %s", own, err, says)
		}
	}
	p := parsed(t, "profile: m\nof: x\nparams: {size: {doc: it, default: big}}\ndefaults:\n  a: 'x{{add .size 1}}'\n")
	const says = `profile: meter.yaml:5:3: defaults.a: line 1:2: <add .size 1>: error calling add: "big", want a number`
	if _, err := p.Render("x", nil); err == nil || err.Error() != says {
		t.Errorf("a template that fails: %v, want %s", err, says)
	}
}

// All faults of a file are told at once, each where it is.
func TestParseFaults(t *testing.T) {
	const good = "profile: m\nof: x\n"
	for text, says := range map[string]string{
		"profile: [":                                                   "meter.yaml:1: no YAML: did not find expected node content",
		"profile: m\nprofile: n\n":                                     `meter.yaml:2:1: key "profile" is in line 1 already`,
		"of: 1\npoint: []\n":                                           "meter.yaml:1:1: profile: missing: want a string, such as eastron-sdm630|meter.yaml:2:1: point: unknown option; did you mean points?",
		"profile: My Meter\nof: x\n":                                   `meter.yaml:1:1: profile: "My Meter": want small letters, digits, _ and -`,
		good + "points: [{id: 'a{{'}]":                                 `meter.yaml:3:11: points[0].id: "a{{" is no template: 1: unclosed action`,
		good + "params: {a: {doc: x, default: 1, min: 2}}":             `meter.yaml:3:10: params.a: default "1": a: 1 is out of range: want 2 or more`,
		good + "params: {A: {doc: x}, key: {doc: x}, b: {kind: int}}":  "meter.yaml:3:10: params.A: want small letters, digits and _, and a letter first|meter.yaml:3:23: params.key: is taken, want another name than profile, points, key, value|meter.yaml:3:38: params.b.doc: missing: want a string|meter.yaml:3:42: params.b.kind: unknown option; did you mean min?",
		good + "params: {a: {doc: x}}\ndefaults: {b: '{{add .a .c}}'}": "meter.yaml:4:12: defaults.b: {{add .a .c}} uses .a, which the profile declares, and .c, which it doesn't: want an action for each",
		good + "params: {a: {doc: x}}\npoints: [{id: a}]":              `meter.yaml:4:11: points[0].id: "a" is what a template has a value of the profile for as well, want another ID`,
		"profile: m\nof: 1":                                            "meter.yaml:2:1: of: want a type of device, or a section of types",
		"profile: m\nof: {a: 1, b: {c: '{{'}, d: null}":                "meter.yaml:2:6: of.a: want a section with defaults of the type, or nothing|meter.yaml:2:16: of.b.c: ",
		good + "points: [{each: 3, id: a}]":                            "meter.yaml:3:11: points[0].each: 3, want a list, or a section of names and values",
		good + "probe: {a: 1}\ndefaults: {probe: 1}":                   "meter.yaml:3:1: probe: gives the option probe, as another part of the profile does",
	} {
		_, err := Parse("meter.yaml", []byte(text))
		if err == nil {
			t.Errorf("%q is a profile, want %s", text, says)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), "\n", "|"); !strings.HasPrefix(got, says) {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, says)
		}
	}
}

// Whose a parameter is that the type finds wrong.
func TestSource(t *testing.T) {
	own := read(t, `{Every: 5s, unit: 1, auth: {words: {b: C}}, points: [{id: mine, x: [1]}, {id: power, words: {true: X}, list: [1, 2]}], prefix: p}`)
	p := parsed(t, meter)
	for key, want := range map[string]Source{
		"every":                {Own: "Every"},
		"unit":                 {Own: "unit"},
		"port":                 {Own: "port"}, // missing
		"most":                 {Place: "meter.yaml:11:24", Key: "defaults.most"},
		"auth.words.b":         {Own: "auth.words.b"},
		"auth.words.a":         {Place: "meter.yaml:11:59", Key: "defaults.auth.words.a"},
		"auth.passwd":          {Place: "meter.yaml:11:34", Key: "defaults.auth.passwd"},
		"points[1].input":      {Place: "meter.yaml:14:65", Key: "points[0].input"},
		"points[4].words.true": {Own: "points[1].words.true"},
		"points[4].list[1]":    {Own: "points[1].list[1]"},
		"points[4].class":      {Place: "meter.yaml:16:5", Key: "points[2].class"},
		"points[6].x[0]":       {Own: "points[0].x[0]"},
		"about.model":          {Place: "meter.yaml:10:33", Key: "device.model"},
	} {
		if got := p.Source("modbus", own, key); got != want {
			t.Errorf("%s comes from %+v, want %+v", key, got, want)
		}
	}
}

func TestParams(t *testing.T) {
	got := make(map[string]string)
	for _, f := range parsed(t, meter).Params() {
		got[f.Key] = f.Type + " " + f.Default + " " + f.Bounds.String()
	}
	if want := map[string]string{"prefix": "string  ", "from": "int 0 0 to 100", "phases": "list of strings l1, l2 "}; !maps.Equal(got, want) {
		t.Errorf("declares %q, want %q", slices.Sorted(maps.Values(got)), want)
	}
}

// Whatever a file holds, it is refused or makes parameters, and each of these comes from somewhere.
func FuzzProfile(f *testing.F) {
	f.Add(meter, "{prefix: x, points: [{id: power, a: 1}]}")
	f.Add("profile: m\nof: x\ndefaults: {a: [{each: {b: [1]}, id: '{{.value}}'}]}", "a: {b: 1}")
	f.Fuzz(func(t *testing.T, text, user string) {
		p, err := Parse("f.yaml", []byte(text))
		if err != nil {
			return
		}
		own, err := config.ReadYAML("own.yaml", []byte(user))
		if err != nil {
			return
		}
		typ := p.Of[0]
		params, err := p.Render(typ, own)
		if err != nil {
			return
		}
		for key := range params {
			if s := p.Source(typ, own, key); s.Own == "" && s.Place == "" {
				t.Errorf("%s comes from nowhere", key)
			}
		}
	})
}

// Several types share a profile, and each may have defaults of its own.
func TestTypes(t *testing.T) {
	p := parsed(t, "profile: m\nof: {serial: {baud: 115200}, tcp: null}\ndefaults: {silent: 1m}\n")
	if want := []string{"serial", "tcp"}; !slices.Equal(p.Of, want) {
		t.Errorf("it is for %q, want %q", p.Of, want)
	}
	for typ, want := range map[string]string{"serial": "{baud: 115200, silent: 1m}", "tcp": "{silent: 1m}"} {
		if got, err := p.Render(typ, nil); err != nil || !reflect.DeepEqual(plainly(got), plainly(read(t, want))) {
			t.Errorf("%s: %v, %v, want %s", typ, got, err, want)
		}
	}
	if s := p.Source("serial", nil, "baud"); s.Place != "meter.yaml:2:15" {
		t.Errorf("the baud rate comes from %+v", s)
	}
	if _, err := p.Render("udp", nil); err == nil || err.Error() != `profile: "m" is for devices of type serial or tcp` {
		t.Errorf("another type: %v", err)
	}
}
