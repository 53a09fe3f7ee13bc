package options

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFields(t *testing.T) {
	want := []string{
		"port string required", "baud int 9600", "byte int 7", "dim number 0.5", "every duration 30s", "echo bool false",
		"names list of strings", "lines list of ints 1, 2", "free anything", "words map", "auth.user string",
		"auth.password secret hidden", "rooms list",
	}
	for name, v := range map[string]any{"struct": lamp{}, "pointer": &lamp{}, "type": reflect.TypeFor[lamp](), "pointer type": reflect.TypeFor[*lamp]()} {
		var got []string
		for _, f := range Fields(v) {
			words := []string{f.Key, f.Type}
			if f.Default != "" {
				words = append(words, f.Default)
			}
			if f.Required {
				words = append(words, "required")
			}
			if f.Secret {
				words = append(words, "hidden")
			}
			got = append(got, strings.Join(words, " "))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("by %s:\n got %q\nwant %q", name, got, want)
		}
	}
	first := Fields(lamp{})[0]
	if first.Doc != "serial port" || first.Example != "/dev/ttyUSB0" {
		t.Errorf("port is documented by %+v", first)
	}
}

// folder holds itself.
type folder struct {
	Name    string   `koanf:"name"`
	Folders []folder `koanf:"folders"`
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		v    any
		want string // part of the error; "" for none
	}{
		{"fine", lamp{}, ""},
		{"by type", reflect.TypeFor[*lamp](), ""},
		{"no options", struct{}{}, ""},
		{"one that holds itself", folder{}, ""},
		{"no struct", 5, "int is no struct"},
		{"nil", nil, "is no struct"},
		{"default that does not parse", struct {
			A time.Duration `default:"30"`
		}{}, `A: field A: default "30": a: 30 has no unit`},
		{"default of a section", struct {
			A auth `default:"x"`
		}{}, "no default of its own"},
		{"default out of range", struct {
			A int8 `default:"128"`
		}{}, "out of range"},
		{"deep inside", struct {
			A struct {
				B bool `default:"maybe"`
			}
		}{}, "A.B: field B"},
		{"same key", struct {
			A int `koanf:"x" default:"1"`
			B int `koanf:"X" default:"1"`
		}{}, `key "X" is that of A too`},
		{"dot in a key", struct {
			A int `koanf:"a.b" default:"1"`
		}{}, "want no dot"},
		{"channel", struct{ A chan int }{}, "type chan int cannot be an option"},
		{"list of functions", struct{ A []func() }{}, "cannot be an option"},
		{"pointer", struct{ A *auth }{}, "cannot be an option"},
		{"embedded", struct{ auth }{}, "embedded: want an exported struct"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.v)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSecretHidesItself(t *testing.T) {
	const word = "swordfish"
	s := Secret(word)
	text, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	shown := []string{string(text), log.String(), s.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, []Secret{s}), fmt.Sprintf(verb, struct{ S Secret }{s}))
	}
	for _, text := range shown {
		if strings.Contains(text, word) || strings.Contains(text, fmt.Sprintf("%x", word)) || strings.Contains(text, fmt.Sprintf("%X", word)) {
			t.Errorf("shown as %s", text)
		}
	}
	if s.Reveal() != word {
		t.Errorf("Reveal gives %q", s.Reveal())
	}
	if got := fmt.Sprint(Secret("")); got != "" {
		t.Errorf("the empty secret is shown as %q", got)
	}
}
