package messages_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

func TestParseValueSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, row := range []struct {
		name, literal string
		offset        int
		found         string
	}{
		{"nothing", ``, 0, "the end"},
		{"only white space", " \n", 2, "the end"},
		{"a word", `on`, 0, "'o'"},
		{"half a word", `tru`, 0, "'t'"},
		{"upper case", `True`, 0, "'T'"},
		{"a letter that is not ASCII", `[é]`, 1, "'é'"},
		{"two values", `1 2`, 2, "anything but white space after the value"},
		{"a word goes on", `nullx`, 4, "anything but white space after the value"},
		{"leading zero", `012`, 1, "anything but white space after the value"},
		{"plus", `+1`, 0, "'+'"},
		{"minus alone", `-`, 1, "the end"},
		{"minus a letter", `-a`, 1, "'a'"},
		{"no digit before the point", `.5`, 0, "'.'"},
		{"no digit after the point", `1.e3`, 2, "'e'"},
		{"number ends after the point", `1.`, 2, "the end"},
		{"no digit in the exponent", `1e+`, 3, "the end"},
		{"no number in the exponent", `1ex`, 2, "'x'"},
		{"string without end", `"abc`, 4, "the end"},
		{"string ends in a backslash", `"abc\`, 5, "the end"},
		{"line end in a string", "\"a\nb\"", 2, `'\n'`},
		{"unknown escape", `"a\x"`, 3, "'x'"},
		{"escape cut short", `"\u12"`, 2, `a \u without four hexadecimal digits`},
		{"escape with another letter", `"\u12g4"`, 2, `a \u without four hexadecimal digits`},
		{"list without end", `[1, 2`, 5, "the end"},
		{"list without comma", `[1 2]`, 3, "'2'"},
		{"comma at a list's end", `[1,]`, 3, "']'"},
		{"comma at a list's begin", `[,1]`, 1, "','"},
		{"wrong bracket", `[1}`, 2, "'}'"},
		{"object without end", `{"a":1`, 6, "the end"},
		{"brace alone", `{`, 1, "the end"},
		{"key that is no string", `{a:1}`, 1, "'a'"},
		{"key without end", `{"a`, 3, "the end"},
		{"no colon", `{"a" 1}`, 5, "'1'"},
		{"no value", `{"a":}`, 5, "'}'"},
		{"no comma", `{"a":1 "b":2}`, 7, `'"'`},
		{"comma at an object's end", `{"a":1,}`, 7, "'}'"},
		{"fault deep inside", `{"a":[{"b":tru}]}`, 11, "'t'"},
		{"a byte order mark", "\ufeff1", 0, `'\ufeff'`},
		{"a no-break space", "\u00a01", 0, `'\u00a0'`},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := messages.ParseValue(row.literal)
			fault, ok := errors.AsType[*messages.SyntaxError](err)
			if !ok {
				t.Fatalf("ParseValue(%q) = %v, %v, want a *SyntaxError", row.literal, v, err)
			}
			if fault.Offset != row.offset || fault.Found != row.found {
				t.Errorf("ParseValue(%q): %v, want %s at byte %d", row.literal, err, row.found, row.offset)
			}
			if v.Kind() != messages.Null {
				t.Errorf("ParseValue(%q) returned %v beside its error", row.literal, v)
			}
			if json.Valid([]byte(row.literal)) {
				t.Errorf("%q is valid JSON, the row is wrong", row.literal)
			}
		})
	}
	_, err := messages.ParseValue(`[1 2]`)
	if want := `not JSON: '2' at byte 3`; err == nil || err.Error() != want {
		t.Errorf("the error reads %v, want %s", err, want)
	}
}

func TestNestingIsBounded(t *testing.T) {
	lists := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"":`, n) + "1" + strings.Repeat("}", n) }
	for _, row := range []struct {
		name, literal string
		offset        int // of the fault, or -1 if there is none
	}{
		{"1,000 lists", lists(1000), -1},
		{"1,001 lists", lists(1001), 1000},
		{"1,000 objects", objects(1000), -1},
		{"1,001 objects", objects(1001), 4000},
		{"1,000,000 lists", lists(1_000_000), 1000},
		{"1,000,000 objects", objects(1_000_000), 4000},
		{"1,000,000 brackets that never close", strings.Repeat("[", 1_000_000), 1000},
		{"1,000,000 lists side by side", "[" + strings.Repeat("[],", 1_000_000) + "1]", -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := messages.ParseValue(row.literal)
			if row.offset < 0 {
				if err != nil || !v.Equal(v) {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			fault, ok := errors.AsType[*messages.SyntaxError](err)
			if !ok || fault.Offset != row.offset || fault.Found != "a nesting deeper than 1000 levels" {
				t.Errorf("%v, want a nesting deeper than 1000 levels at byte %d", err, row.offset)
			}
		})
	}
}

// The innermost value of the deepest allowed nesting can be reached level by level.
func TestDescendingToTheBound(t *testing.T) {
	v := parse(t, strings.Repeat(`[ {"k" : `, 500)+` "here" `+strings.Repeat("} ]", 500))
	for range 500 {
		for e := range v.Elements() {
			v = e
		}
		for _, e := range v.Members() {
			v = e
		}
	}
	if text, ok := v.Text(); !ok || text != "here" {
		t.Errorf("at the bottom is %.40s, want here", v)
	}
}

func TestElementsInOrder(t *testing.T) {
	for _, row := range []struct {
		name, literal string
		want          []string
	}{
		{"empty", `[ ]`, nil},
		{"one", `[1]`, []string{`1`}},
		{"with white space", "[ 1 ,\n[2, 3] ,\t{\"a\":1} , \"]\" ]", []string{`1`, `[2, 3]`, `{"a":1}`, `"]"`}},
		{"no list", `{"a":1}`, nil},
		{"null", `null`, nil},
		{"text", `"[1]"`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for e := range parse(t, row.literal).Elements() {
				got = append(got, e.Raw())
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("elements of %s = %q, want %q", row.literal, got, row.want)
			}
		})
	}
}

func TestMembersInOrder(t *testing.T) {
	for _, row := range []struct {
		name, literal string
		want          []string
	}{
		{"empty", `{ }`, nil},
		{"not sorted", `{"b":1,"a":2}`, []string{"b", `1`, "a", `2`}},
		{"repeated keys", `{"a":1,"b":2,"a":3}`, []string{"a", `1`, "b", `2`, "a", `3`}},
		{"escaped key", `{"\u0061\"":1}`, []string{`a"`, `1`}},
		{"with white space", "{ \"a\" : [1, 2] ,\n\"}\" :\t\"x\" }", []string{"a", `[1, 2]`, "}", `"x"`}},
		{"no object", `["a",1]`, nil},
		{"null", `null`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for key, e := range parse(t, row.literal).Members() {
				got = append(got, key, e.Raw())
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("members of %s = %q, want %q", row.literal, got, row.want)
			}
		})
	}
}

func TestIterationMayStop(t *testing.T) {
	for e := range parse(t, `[1,2]`).Elements() {
		if e.Raw() != `1` {
			t.Errorf("went on to %s", e)
		}
		break
	}
	for key := range parse(t, `{"a":1,"b":2}`).Members() {
		if key != "a" {
			t.Errorf("went on to %s", key)
		}
		break
	}
}

func TestUnmarshalJSON(t *testing.T) {
	var got struct{ A, B messages.Value }
	if err := json.Unmarshal([]byte(`{"A": [1, 1e21]}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.A.Raw() != `[1, 1e21]` || got.B.Kind() != messages.Null {
		t.Errorf("A = %s, B = %s, want A as it was written and B null", got.A.Raw(), got.B)
	}
	var v messages.Value
	if err := v.UnmarshalJSON([]byte(`[`)); err == nil {
		t.Error("a bracket alone is taken")
	}
}
