package options

import (
	"strings"
	"testing"
	"time"
)

// bounded has a field of every kind that can have bounds.
type bounded struct {
	Int    int            `koanf:"int" default:"5" min:"1" max:"10"`
	Uint   uint16         `koanf:"uint" default:"80" min:"1"`
	Float  float64        `koanf:"float" default:"0.5" min:"-1" max:"1"`
	Every  time.Duration  `koanf:"every" default:"1m" min:"1s" max:"1h" zero:"never"`
	Most   int            `koanf:"most" default:"0" max:"3"`
	Mode   string         `koanf:"mode" default:"safe" one_of:"fast safe slow"`
	Lines  []int          `koanf:"lines" min:"1" max:"8"`
	Modes  []string       `koanf:"modes" one_of:"a b"`
	Levels map[string]int `koanf:"levels" max:"9"`
}

func TestBounds(t *testing.T) {
	type raw = map[string]any
	tests := []struct {
		name string
		raw  raw
		want string // the error; "" for none
	}{
		{"defaults", raw{}, ""},
		{"at the ends", raw{"int": 1, "uint": 65535, "float": -1, "every": "1h", "most": -7, "lines": []any{1, 8}, "levels": raw{"a": 9}}, ""},
		{"zero besides", raw{"every": 0}, ""},
		{"words", raw{"mode": "slow", "modes": "a, b"}, ""},
		{"too little", raw{"int": 0}, "int: 0 is out of range: want 1 to 10"},
		{"too much", raw{"int": "11"}, "int: 11 is out of range: want 1 to 10"},
		{"one end only", raw{"uint": 0}, "uint: 0 is out of range: want 1 or more"},
		{"the other end only", raw{"most": 4}, "most: 4 is out of range: want 3 at most"},
		{"a fraction", raw{"float": 1.5}, "float: 1.5 is out of range: want -1 to 1"},
		{"a nanosecond", raw{"every": "1ns"}, "every: 1ns is out of range: want 1s to 1h, or 0: never"},
		{"centuries", raw{"every": "2562047h"}, "every: 2562047h is out of range: want 1s to 1h, or 0: never"},
		{"another word", raw{"mode": "Fast"}, `mode: "Fast": want fast, safe or slow`},
		{"in a list", raw{"lines": []any{3, 9}}, "lines[1]: 9 is out of range: want 1 to 8"},
		{"a word in a list", raw{"modes": "a,c"}, `modes[1]: "c": want a or b`},
		{"in a map", raw{"levels": raw{"x": 10}}, "levels.x: 10 is out of range: want 9 at most"},
		{"said once", raw{"int": "x"}, `int: want a whole number, have "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := Decode(tt.raw, &bounded{}); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBoundsAreShown(t *testing.T) {
	want := map[string]string{"int": "1 to 10", "uint": "1 or more", "every": "1s to 1h, or 0: never", "most": "3 at most", "mode": "", "lines": "1 to 8"}
	for _, f := range Fields(bounded{}) {
		if text, ok := want[f.Key]; ok && f.Bounds.String() != text {
			t.Errorf("%s: shown as %q, want %q", f.Key, f.Bounds, text)
		}
		if f.Key == "mode" && strings.Join(f.Bounds.Words(), "|") != "fast|safe|slow" {
			t.Errorf("words %q", f.Bounds.Words())
		}
	}
}

func TestCheckFindsBadBounds(t *testing.T) {
	tests := []struct {
		v    any
		want string
	}{
		{bounded{}, ""},
		{struct {
			A int `default:"1" min:"2"`
		}{}, `A: field A: default "1": a: 1 is out of range: want 2 or more`},
		{struct {
			A string `default:"c" one_of:"a b"`
		}{}, `A: field A: default "c": a: "c": want a or b`},
		{struct {
			A int `default:"1" min:"one"`
		}{}, `A: bound "one": want a whole number`},
		{struct {
			A time.Duration `default:"1s" max:"10"`
		}{}, `A: bound "10": 10 has no unit`},
		{struct {
			A int `default:"1" min:"3" max:"2"`
		}{}, "A: min 3 is above max 2"},
		{struct {
			A string `default:"" max:"5"`
		}{}, "A: min, max and zero: for a number only"},
		{struct {
			A bool `default:"true" one_of:"true"`
		}{}, "A: one_of: for a string only, and not for a secret"},
		{struct {
			A Secret `default:"" one_of:"1234 4321"`
		}{}, "A: one_of: for a string only, and not for a secret"},
	}
	for _, tt := range tests {
		err := Check(tt.v)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, d := range map[string]time.Duration{
		"0s": 0, "500ms": 500 * time.Millisecond, "60s": time.Minute, "90s": 90 * time.Second, "5m": 5 * time.Minute,
		"2h": 2 * time.Hour, "2h5m": 125 * time.Minute, "1h0m5s": time.Hour + 5*time.Second, "1m0.5s": time.Minute + 500*time.Millisecond,
		"10h": 10 * time.Hour, "-5m": -5 * time.Minute,
	} {
		if got := Duration(d); got != text {
			t.Errorf("%v is written %s, want %s", d, got, text)
		}
		if again, err := time.ParseDuration(text); err != nil || again != d {
			t.Errorf("%s is read as %v, %v", text, again, err)
		}
	}
}
