package options

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// plant has, in sections, lists and maps, whatever can have bounds or a Validate.
type plant struct {
	Line   line            `koanf:"line"`
	Lines  []line          `koanf:"lines"`
	Named  map[string]line `koanf:"named"`
	Waits  []time.Duration `koanf:"waits" min:"1s" max:"1h"`
	Buffer Size            `koanf:"buffer" default:"64KB" min:"1KB" max:"1MB"`
	Sizes  []Size          `koanf:"sizes" max:"1KB"`
	Pins   []Secret        `koanf:"pins"`
	Grid   [][]int         `koanf:"grid" min:"0" max:"7"`
}

type line struct {
	Port string `koanf:"port" default:""`
	Host string `koanf:"host" default:"localhost"`
	Pin  Secret `koanf:"pin" default:""`
	Deep deep   `koanf:"deep"`
}

// Validate has a value for its receiver.
func (l line) Validate() error {
	if l.Port != "" && l.Host != "localhost" {
		return errors.New("port and host exclude each other")
	}
	return nil
}

type deep struct {
	From int `koanf:"from" default:"0"`
	To   int `koanf:"to" default:"0"`
}

// Validate has a pointer for its receiver, names an option, and finds two faults at once.
func (d *deep) Validate() error {
	var faults []error
	if d.From > d.To {
		faults = append(faults, &Fault{Key: "from", Err: errors.New("is above to")})
	}
	if d.From == 13 {
		faults = append(faults, errors.New("brings bad luck"))
	}
	return errors.Join(faults...)
}

func (p plant) Validate() error {
	if len(p.Lines) == 1 {
		return &Fault{Key: "lines", Err: errors.New("want two or none")}
	}
	return nil
}

// Structs in whatever depth are asked, but only about options that are without fault.
func TestValidate(t *testing.T) {
	type raw = map[string]any
	for _, row := range []struct {
		name string
		raw  raw
		want string
	}{
		{"good", raw{"lines": []any{raw{"port": "a"}, raw{"host": "b"}}, "waits": []any{"1s", "1h"}, "buffer": "1MB", "pins": "1, 2"}, ""},
		{"the whole", raw{"lines": []any{raw{}}}, "lines: want two or none"},
		{"a section", raw{"line": raw{"port": "a", "host": "b"}}, "line: port and host exclude each other"},
		{"an item of a list", raw{"lines": []any{raw{}, raw{"port": "a", "host": "b"}}}, "lines[1]: port and host exclude each other"},
		{"an item of a map", raw{"named": raw{"x": raw{"port": "a", "host": "b"}}}, "named.x: port and host exclude each other"},
		{"an option of a section", raw{"line": raw{"deep": raw{"from": 2, "to": 1}}}, "line.deep.from: is above to"},
		{"two faults", raw{"line": raw{"deep": raw{"from": 13}}}, "line.deep.from: is above to\nline.deep: brings bad luck"},
		{"as the operator spells it", raw{"LINE": raw{"Deep": raw{"FROM": 2}}}, "LINE.Deep.FROM: is above to"},
		{"the inner first, then nothing more", raw{"lines": []any{raw{"port": "a", "host": "b", "deep": raw{"from": 1}}}}, "lines[0].deep.from: is above to"},
		{"faulty ones are not asked", raw{"line": raw{"port": 5, "host": "b"}}, "line.port: want a string, have 5: put it in quotes"},
		{"others are", raw{"line": raw{"port": 5}, "named": raw{"x": raw{"port": "a", "host": "b"}}}, "line.port: want a string, have 5: put it in quotes\nnamed.x: port and host exclude each other"},
		{"a duration in a list", raw{"waits": []any{"1s", "1ms"}}, "waits[1]: 1ms is out of range: want 1s to 1h"},
		{"a duration without a unit in a list", raw{"waits": []any{5}}, "waits[0]: 5 has no unit: want a duration such as 30s or 500ms"},
		{"a size", raw{"buffer": "2MB"}, "buffer: 2MB is out of range: want 1KB to 1MB"},
		{"a size in a list", raw{"sizes": "1KB, 2KB"}, "sizes[1]: 2KB is out of range: want 1KB at most"},
		{"no size", raw{"buffer": "much"}, `buffer: want a size such as 50MB, 64KB or 4096, have "much"`},
		{"a list of lists", raw{"grid": []any{[]any{1, 2}, []any{8}}}, "grid[1][0]: 8 is out of range: want 0 to 7"},
		{"a number for a secret is not shown", raw{"line": raw{"pin": 1234}, "pins": []any{1234}}, "line.pin: want text: put it in quotes\npins[0]: want text: put it in quotes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if err := Decode(row.raw, new(plant)); err != nil {
				got = err.Error()
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// Tree lists what stands in lists and maps as well, and ends where a type holds itself.
func TestTree(t *testing.T) {
	var got []string
	for _, f := range Tree(struct {
		Plant plant  `koanf:"plant"`
		Root  folder `koanf:"root"`
	}{}) {
		key := f.Key
		if f.Secret {
			key += "!"
		}
		got = append(got, key)
	}
	const want = "plant plant.line plant.line.port plant.line.host plant.line.pin! plant.line.deep plant.line.deep.from plant.line.deep.to " +
		"plant.lines plant.lines[].port plant.lines[].host plant.lines[].pin! plant.lines[].deep plant.lines[].deep.from plant.lines[].deep.to " +
		"plant.named plant.named.*.port plant.named.*.host plant.named.*.pin! plant.named.*.deep plant.named.*.deep.from plant.named.*.deep.to " +
		"plant.waits plant.buffer plant.sizes plant.pins! plant.grid root root.name root.folders"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
