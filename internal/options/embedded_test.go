package options

import (
	"errors"
	"strings"
	"testing"
)

// Shape is embedded by others, and has a Validate.
type Shape struct {
	ID   string   `koanf:"id"`
	Low  *float64 `koanf:"low" min:"-10" max:"10" doc:"the least"`
	Digs *int     `koanf:"digs"`
}

func (s Shape) Validate() error {
	if s.ID == "bad" {
		return &Fault{Key: "id", Err: errors.New("is bad")}
	}
	return nil
}

type circle struct {
	Radius int `koanf:"radius" default:"1"`
	Shape
}

type drawing struct {
	Circles []circle `koanf:"circles"`
}

// The options of an embedded struct stand beside those of the struct that embeds it, and it is asked for its faults.
func TestEmbedded(t *testing.T) {
	if err := Check(drawing{}); err != nil {
		t.Fatal(err)
	}
	var d drawing
	raw := map[string]any{"circles": []any{map[string]any{"ID": "a", "radius": 3, "low": 0}, map[string]any{"id": "b", "low": -0.5, "digs": 2}}}
	if err := Decode(raw, &d); err != nil {
		t.Fatal(err)
	}
	a, b := d.Circles[0], d.Circles[1]
	if a.ID != "a" || a.Radius != 3 || a.Low == nil || *a.Low != 0 || a.Digs != nil {
		t.Errorf("the first is %+v", a)
	}
	if b.ID != "b" || b.Radius != 1 || b.Low == nil || *b.Low != -0.5 || b.Digs == nil || *b.Digs != 2 {
		t.Errorf("the second is %+v", b)
	}
	var keys []string
	for _, f := range Tree(drawing{}) {
		keys = append(keys, f.Key+" "+f.Type)
	}
	if got, want := strings.Join(keys, ", "), "circles list, circles[].radius int, circles[].id string, circles[].low number, circles[].digs int"; got != want {
		t.Errorf("the options are %s, want %s", got, want)
	}
}

func TestFaultsOfEmbedded(t *testing.T) {
	for says, item := range map[string]map[string]any{
		"circles[0].id: is bad":                 {"id": "bad"},
		"circles[0].id: missing: want a string": {"radius": 1},
		"circles[0].low: 11 is out of range":    {"id": "a", "low": 11},
		"circles[0].low: want a number":         {"id": "a", "low": []any{}},
		"circles[0].digs: want a whole number":  {"id": "a", "digs": 1.5},
	} {
		err := Decode(map[string]any{"circles": []any{item}}, &drawing{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %s", item, err, says)
		}
	}
}

// square hides the Validate of what it embeds behind its own.
type square struct {
	Shape
	Side int     `koanf:"side" default:"1"`
	Pin  *Secret `koanf:"pin"`
}

func (s *square) Validate() error {
	if s.Side == 13 {
		return errors.New("brings bad luck")
	}
	return nil
}

// What is embedded is asked as well, and once.
func TestEmbeddedIsAsked(t *testing.T) {
	for want, raw := range map[string]map[string]any{
		"":                {"id": "a"},
		"id: is bad":      {"id": "bad", "side": 13},
		"brings bad luck": {"id": "a", "side": 13},
	} {
		got := ""
		if err := Decode(raw, new(square)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", raw, got, want)
		}
	}
	if err := Decode(map[string]any{"id": "bad"}, new(circle)); err == nil || err.Error() != "id: is bad" {
		t.Errorf("a Validate that is promoted says %v", err)
	}
	if got := HideSecrets(map[string]any{"pin": "1234"}, Tree(square{}), true); got["pin"] != "******" {
		t.Errorf("a secret that need not be given is shown: %v", got)
	}
}
