package options

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// lamp has a field of every kind.
type lamp struct {
	Port   string        `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
	Baud   int           `koanf:"baud" doc:"bits per second" default:"9600"`
	Byte   uint8         `koanf:"byte" default:"7"`
	Dim    float64       `koanf:"dim" default:"0.5"`
	Every  time.Duration `koanf:"every" default:"30s"`
	Echo   bool          `koanf:"echo" default:"false"`
	Names  []string      `koanf:"names"`
	Lines  []int         `koanf:"lines" default:"1, 2"`
	Free   any           `koanf:"free" default:""`
	Words  map[string]string
	Auth   auth   `koanf:"auth"`
	Rooms  []room `koanf:"rooms"`
	Hidden string `koanf:"-"`
	own    string
}

type auth struct {
	User     string `koanf:"user" default:""`
	Password Secret `koanf:"password" default:"" doc:"how we prove it"`
}

type room struct {
	Name string `koanf:"name"`
	Size int    `koanf:"size" default:"1"`
}

func TestDecode(t *testing.T) {
	type raw = map[string]any
	tests := []struct {
		name string
		raw  raw
		want func(*lamp)
	}{
		{"defaults", raw{}, func(*lamp) {}},
		{"null is not given", raw{"baud": nil, "auth": nil}, func(*lamp) {}},
		{"keys in any case", raw{"BAUD": 1, "Auth": raw{"USER": "me"}}, func(l *lamp) { l.Baud, l.Auth.User = 1, "me" }},
		{"text is read as what the field is", raw{"baud": "115200", "echo": "on", "every": "1m", "dim": "1e-2", "byte": " 255 "},
			func(l *lamp) { l.Baud, l.Echo, l.Every, l.Dim, l.Byte = 115200, true, time.Minute, 0.01, 255 }},
		{"yes", raw{"echo": "Yes"}, func(l *lamp) { l.Echo = true }},
		{"off", raw{"echo": "OFF"}, func(l *lamp) { l.Echo = false }},
		{"no octal", raw{"baud": "010"}, func(l *lamp) { l.Baud = 10 }},
		{"JSON's numbers", raw{"baud": float64(300), "dim": float64(2)}, func(l *lamp) { l.Baud, l.Dim = 300, 2 }},
		{"TOML's numbers", raw{"baud": int64(300), "dim": int64(2)}, func(l *lamp) { l.Baud, l.Dim = 300, 2 }},
		{"no duration", raw{"every": 0}, func(l *lamp) { l.Every = 0 }},
		{"no duration, as text", raw{"every": "0"}, func(l *lamp) { l.Every = 0 }},
		{"a duration of Go", raw{"every": time.Hour}, func(l *lamp) { l.Every = time.Hour }},
		{"list as text", raw{"names": "a, b,\n c ,", "lines": "3"}, func(l *lamp) { l.Names, l.Lines = []string{"a", "b", "c"}, []int{3} }},
		{"list", raw{"names": []any{"a, b"}, "lines": []any{"4", 5}}, func(l *lamp) { l.Names, l.Lines = []string{"a, b"}, []int{4, 5} }},
		{"list of Go", raw{"names": []string{"a"}}, func(l *lamp) { l.Names = []string{"a"} }},
		{"empty list instead of the default", raw{"lines": []any{}}, func(l *lamp) { l.Lines = nil }},
		{"empty map", raw{"words": raw{}}, func(*lamp) {}},
		{"map", raw{"words": raw{"a": "b", "1": "c"}}, func(l *lamp) { l.Words = map[string]string{"a": "b", "1": "c"} }},
		{"anything", raw{"free": []any{raw{"true": 1}}}, func(l *lamp) { l.Free = []any{raw{"true": 1}} }},
		{"secret", raw{"auth": raw{"password": "x"}}, func(l *lamp) { l.Auth.Password = "x" }},
		{"list of structs", raw{"rooms": []any{raw{"Name": "a"}, raw{"name": "b", "size": "2"}}},
			func(l *lamp) { l.Rooms = []room{{"a", 1}, {"b", 2}} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := lamp{Port: "p", Baud: 9600, Byte: 7, Dim: 0.5, Every: 30 * time.Second, Lines: []int{1, 2}, Free: "", own: "kept"}
			tt.want(&want)
			tt.raw["port"] = "p"
			before := fmt.Sprint(tt.raw)
			// What was there before must not show through.
			got := lamp{Baud: 1, Names: []string{"old"}, Words: map[string]string{"old": "old"}, Rooms: []room{{}}, own: "kept"}
			if err := Decode(tt.raw, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if after := fmt.Sprint(tt.raw); after != before {
				t.Errorf("the input was changed from %s to %s", before, after)
			}
		})
	}
}

func TestDecodeFaults(t *testing.T) {
	type raw = map[string]any
	tests := []struct {
		name string
		raw  raw
		want string
	}{
		{"missing", raw{"port": nil}, `port: missing: want a string, such as /dev/ttyUSB0`},
		{"misspelt", raw{"buad": 1}, `buad: unknown option; did you mean baud?`},
		{"misspelt below", raw{"Auth": raw{"usr": ""}}, `Auth.usr: unknown option; did you mean Auth.user?`},
		{"in the wrong section", raw{"password": ""}, `password: unknown option; did you mean auth.password?`},
		{"with a dot", raw{"auth.user": ""}, `auth.user: unknown option: write user below its section, not with a dot`},
		{"like none", raw{"auth": raw{"colour": ""}}, `auth.colour: unknown option; there are auth.user, auth.password`},
		{"misspelt in a list", raw{"rooms": []any{raw{"name": "a"}, raw{"name": "b", "szie": 2}}}, `rooms[1].szie: unknown option; did you mean rooms[1].size?`},
		{"missing in a list", raw{"rooms": []any{raw{}}}, `rooms[0].name: missing: want a string`},
		{"null in a list", raw{"rooms": []any{nil}}, "rooms[0]: want a section with options below it, have nothing\nrooms[0].name: missing: want a string"},
		{"key in lines", raw{"x\ny": 1}, `"x\ny": unknown option; there are port, baud, byte, dim, every, echo, names, lines, free, words, auth, rooms`},
		{"twice", raw{"Baud": 1, "baud": 2}, `baud: given twice, also as Baud`},
		{"not whole", raw{"BAUD": 1.5}, `BAUD: want a whole number, have 1.5`},
		{"no number", raw{"baud": "fast"}, `baud: want a whole number, have "fast"`},
		{"too large", raw{"byte": 256}, `byte: 256 is out of range: want 0 to 255`},
		{"too small", raw{"byte": "-1"}, `byte: -1 is out of range: want 0 to 255`},
		{"far too large", raw{"baud": "9223372036854775808"}, `baud: 9223372036854775808 is out of range: want -9223372036854775808 to 9223372036854775807`},
		{"no fraction", raw{"dim": "half"}, `dim: want a number, have "half"`},
		{"not finite", raw{"dim": "Inf"}, `dim: +Inf is out of range`},
		{"no unit", raw{"every": 30}, `every: 30 has no unit: want a duration such as 30s or 500ms`},
		{"no unit, as text", raw{"every": "2.5"}, `every: 2.5 has no unit: want a duration such as 30s or 500ms`},
		{"no duration", raw{"every": "soon"}, `every: want a duration such as 30s, have "soon"`},
		{"no truth", raw{"echo": 1}, `echo: want true or false, have 1`},
		{"no text", raw{"port": 80}, `port: want a string, have 80: put it in quotes`},
		{"section for text", raw{"port": raw{}}, `port: want a string, have a section`},
		{"text for a section", raw{"auth": "me"}, `auth: want a section with options below it, have text`},
		{"text for a list of sections", raw{"rooms": "hall"}, `rooms: want a list, have text`},
		{"gap in a list", raw{"names": "a,,b"}, `names: word 2 is empty: want words with commas between them, such as a, b`},
		{"commas only", raw{"names": ",,"}, `names: word 1 is empty: want words with commas between them, such as a, b`},
		{"list in another notation", raw{"names": "[a, b]"}, `names: word 1 begins with [: want words without brackets and quotes, such as a, b`},
		{"words in quotes", raw{"names": `a, "b"`}, `names: word 2 begins with ": want words without brackets and quotes, such as a, b`},
		{"number for a list", raw{"names": 5}, `names: want a list, have a number`},
		{"item of a list", raw{"lines": []any{1, "x"}}, `lines[1]: want a whole number, have "x"`},
		{"item of a map", raw{"words": raw{"a": 1}}, `words.a: want a string, have 1: put it in quotes`},
		{"text for a map", raw{"words": "a"}, `words: want a section, have text`},
		{"a secret stays one", raw{"auth": raw{"password": 4711}}, `auth.password: want text: put it in quotes`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := tt.raw["port"]; !ok {
				tt.raw["port"] = "p"
			}
			err := Decode(tt.raw, &lamp{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDecodeTellsAllFaults(t *testing.T) {
	err := Decode(map[string]any{"baud": "x", "nmaes": "", "auth": map[string]any{"user": 1}}, &lamp{})
	var keys []string
	for _, f := range Faults(err) {
		keys = append(keys, f.Key)
	}
	if got, want := strings.Join(keys, " "), "nmaes port baud auth.user"; got != want {
		t.Errorf("faults of %s, want %s", got, want)
	}
}

// What JSON can express either decodes or is refused, and what has been decoded decodes to the same again.
func FuzzDecode(f *testing.F) {
	f.Add(`{"port":"p","baud":1e3,"rooms":[{"name":"x"}],"words":{"a":"b"},"free":[null]}`)
	f.Add(`{"port":"p","every":"-1h","names":"a,b","lines":["1"],"byte":"300"}`)
	f.Add(`{"a\nb":1,"port":"p","words":{"\n":1}}`)
	f.Add(`{"Port":1,"port":{},"auth":{"user":[]},"rooms":[[]],"x.y":0}`)
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]any
		if json.Unmarshal([]byte(text), &raw) != nil {
			return
		}
		var first, second lamp
		if err := Decode(raw, &first); err != nil {
			if len(Faults(err)) == 0 || strings.Count(err.Error(), "\n")+1 != len(Faults(err)) {
				t.Errorf("not one line a fault: %q", err)
			}
			return
		}
		again := map[string]any{}
		for field, value := range All(first) {
			if field.Key != "rooms" && !strings.HasPrefix(field.Key, "auth.") && field.Key != "words" {
				again[field.Key] = value
			}
		}
		if err := Decode(again, &second); err != nil {
			t.Fatalf("%+v: %v", first, err)
		}
		second.Auth, second.Rooms, second.Words = first.Auth, first.Rooms, first.Words
		if !reflect.DeepEqual(first, second) {
			t.Errorf("first %+v\nthen  %+v", first, second)
		}
	})
}

// What is given to Decode is its caller's, whatever has to be respelt in it.
func TestDecodeChangesNothingThatItIsGiven(t *testing.T) {
	type raw = map[string]any
	type inner struct {
		Name string `koanf:"name" default:""`
	}
	type whole struct {
		Inner inner            `koanf:"inner"`
		List  []inner          `koanf:"list"`
		Map   map[string]inner `koanf:"map"`
		Any   map[string]any   `koanf:"any"`
	}
	for _, row := range []struct {
		name, outer string
		differs     bool
	}{{"name", "inner", false}, {"NAME", "inner", true}, {"name", "Inner", true}} {
		given := func() raw {
			return raw{
				row.outer: raw{row.name: "a"}, "list": []any{raw{row.name: "b"}}, "map": raw{"X": raw{row.name: "c"}}, "any": raw{"NAME": nil},
			}
		}
		from := given()
		var got whole
		if err := Decode(from, &got); err != nil {
			t.Fatal(err)
		}
		want := whole{inner{"a"}, []inner{{"b"}}, map[string]inner{"X": {"c"}}, raw{"NAME": nil}}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(from, given()) {
			t.Errorf("%+v: got %+v and left %v", row, got, from)
		}
		if differs(from, reflect.TypeFor[whole]()) != row.differs {
			t.Errorf("%+v: differs is not that", row)
		}
	}
}
