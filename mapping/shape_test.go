package mapping

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// A file has a fault of shape where the schema for editors has one, and nowhere else.
func TestShapeIsThatOfTheSchema(t *testing.T) {
	text, err := os.Open("map.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	document, err := jsonschema.UnmarshalJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("map.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("map.schema.json")

	chance := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 5_000 {
		file, err := json.Marshal(randomFile(chance))
		if err != nil {
			t.Fatal(err)
		}
		r := &report{lines: lines{text: string(file)}}
		d, ok := parseDocument(string(file), r)
		if !ok {
			t.Fatalf("%s: %v", file, r.err())
		}
		checkShape(d, r)
		got, want := make(map[string]int), make(map[string]int)
		for _, f := range r.faults {
			got[f.fault.Pointer]++
		}
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](schema.Validate(d.value)); ok {
			leaves(invalid, want)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%s: faults at %v, want those of the schema at %v", file, got, want)
		}
		if len(got) == 0 {
			good++
		}
	}
	if good < 500 {
		t.Errorf("%d files without a fault, want at least 500: or the others show little", good)
	}
}

// leaves counts the faults of the schema at each JSON pointer.
func leaves(e *jsonschema.ValidationError, at map[string]int) {
	for _, cause := range e.Causes {
		leaves(cause, at)
	}
	if len(e.Causes) > 0 {
		return
	}
	pointer := ""
	for _, key := range e.InstanceLocation {
		pointer += "/" + key
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			at[pointer+"/"+key]++
		}
	case *kind.Required:
		at[pointer] += len(k.Missing)
	default:
		at[pointer]++
	}
}

// randomFile returns a map file in which few things are wrong.
func randomFile(chance *rand.Rand) any {
	rare := func(n int) bool { return chance.IntN(n) == 0 }
	odd := func(value any) any {
		if !rare(40) {
			return value
		}
		others := []any{nil, true, 1, 1.5, "", "x", []any{}, []any{"x"}, []any{1}, map[string]any{}, map[string]any{"maptype": "none"}}
		return others[chance.IntN(len(others))]
	}
	file := map[string]any{"root": odd("home"), "topics": odd([]any{odd("home/#")})}
	if rare(40) {
		delete(file, []string{"root", "topics"}[chance.IntN(2)])
	}
	for _, key := range slices.Concat(vocabularyNames[:], []string{"$schema", "comment"}) {
		if !rare(4) {
			continue
		}
		if key == "$schema" {
			file[key] = odd("map.schema.json")
			continue
		}
		words := map[string]any{"A": odd([]any{odd("a")}), "B": odd([]any{"b", odd("c")})}
		if rare(40) {
			words["B"] = []any{}
		}
		vocabulary := map[string]any{"maptype": odd([]any{"none", "loose", "strict"}[chance.IntN(3)]), "map": odd(words)}
		if rare(20) {
			vocabulary["mapp"] = words
		}
		if rare(20) {
			delete(vocabulary, []string{"maptype", "map"}[chance.IntN(2)])
		}
		file[key] = odd(vocabulary)
	}
	return odd(file)
}
