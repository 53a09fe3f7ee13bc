package messages_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

// parse returns the value of a literal that is known to be valid.
func parse(t testing.TB, literal string) messages.Value {
	t.Helper()
	v, err := messages.ParseValue(literal)
	if err != nil {
		t.Fatalf("ParseValue(%.80q): %v", literal, err)
	}
	return v
}

func TestValueIsOneKindAndKeepsItsDigits(t *testing.T) {
	for _, row := range []struct {
		name    string
		literal string
		kind    messages.Kind
		word    string // name of the kind
		text    string // result of String
	}{
		{"null", `null`, messages.Null, "null", `null`},
		{"true", `true`, messages.Bool, "bool", `true`},
		{"false", `false`, messages.Bool, "bool", `false`},
		{"zero", `0`, messages.Number, "number", `0`},
		{"minus zero", `-0`, messages.Number, "number", `-0`},
		{"beyond 64 bits", `12345678901234567890`, messages.Number, "number", `12345678901234567890`},
		{"exponent", `1e21`, messages.Number, "number", `1e21`},
		{"exponent with sign", `-1.50E+007`, messages.Number, "number", `-1.50E+007`},
		{"beyond float64", `1e999`, messages.Number, "number", `1e999`},
		{"trailing zeros", `2.5000`, messages.Number, "number", `2.5000`},
		{"text", `"on"`, messages.Text, "text", `on`},
		{"empty text", `""`, messages.Text, "text", ``},
		{"list", `[1,[2.0]]`, messages.List, "list", `[1,[2.0]]`},
		{"object", `{"a":{"b":1e2}}`, messages.Object, "object", `{"a":{"b":1e2}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := parse(t, row.literal)
			if v.Kind() != row.kind || v.Kind().String() != row.word {
				t.Errorf("kind of %s = %v, want %s", row.literal, v.Kind(), row.word)
			}
			if v.Raw() != row.literal || v.String() != row.text {
				t.Errorf("%s came out as %s and %s, want it as it was and %s", row.literal, v.Raw(), v, row.text)
			}
			if got, err := json.Marshal(v); err != nil || string(got) != row.literal {
				t.Errorf("json.Marshal = %s, %v, want %s", got, err, row.literal)
			}
			if around := parse(t, " \t\r\n"+row.literal+"\n\r\t "); around.Raw() != row.literal {
				t.Errorf("with white space around it = %q, want %q", around.Raw(), row.literal)
			}
		})
	}
}

func TestZeroValueIsNull(t *testing.T) {
	var zero messages.Value
	if zero.Kind() != messages.Null || zero.Raw() != "null" || zero.String() != "null" || !zero.Equal(parse(t, "null")) {
		t.Errorf("the zero Value is a %v %q, want null", zero.Kind(), zero.Raw())
	}
	if got, err := json.Marshal(zero); err != nil || string(got) != "null" {
		t.Errorf("json.Marshal = %s, %v, want null", got, err)
	}
}

func TestText(t *testing.T) {
	for _, row := range []struct{ name, literal, want string }{
		{"plain", `"kitchen"`, "kitchen"},
		{"short escapes", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{"four digits, both cases", `"\u00e9\u00E9"`, "éé"},
		{"a pair", `"\ud83d\ude00!"`, "😀!"},
		{"half a pair", `"\ud83d!"`, "\ufffd!"},
		{"the wrong half", `"\ude00\ud83d"`, "\ufffd\ufffd"},
		{"half a pair before another escape", `"\ud83d\u0041"`, "\ufffdA"},
		{"escape at the end", `"a\n"`, "a\n"},
		{"beyond ASCII as it is", `"Küche 😀"`, "Küche 😀"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := parse(t, row.literal).Text(); !ok || got != row.want {
				t.Errorf("Text of %s = %q, %t, want %q", row.literal, got, ok, row.want)
			}
		})
	}
	for _, literal := range []string{`null`, `true`, `1`, `["a"]`, `{"a":"b"}`} {
		if got, ok := parse(t, literal).Text(); ok || got != "" {
			t.Errorf("Text of %s = %q, %t, want none", literal, got, ok)
		}
	}
}

func TestIntAndFloat(t *testing.T) {
	const no = math.MinInt64 + 1 // none
	nan := math.NaN()            // none
	for _, row := range []struct {
		name, literal string
		whole         int64
		float         float64
	}{
		{"small", `42`, 42, 42},
		{"minus zero", `-0`, 0, math.Copysign(0, -1)},
		{"as a text", `"42"`, 42, 42},
		{"escaped in a text", `"\u0034\u0032"`, 42, 42},
		{"the largest", `9223372036854775807`, math.MaxInt64, 1 << 63},
		{"the smallest", `-9223372036854775808`, math.MinInt64, -1 << 63},
		{"one too many", `9223372036854775808`, no, 1 << 63},
		{"whole with a fraction", `5.0`, 5, 5},
		{"whole with an exponent", `-1.5e1`, -15, -15},
		{"whole, large, with an exponent", `9.223372036854775807e18`, math.MaxInt64, 1 << 63},
		{"a whole power of ten", `1e18`, 1_000_000_000_000_000_000, 1e18},
		{"zero with an exponent", `0e99999999999999999999`, 0, 0},
		{"a fraction", `2.5`, no, 2.5},
		{"a small fraction", `1e-3`, no, 0.001},
		{"beyond 64 bits", `1e21`, no, 1e21},
		{"beyond float64", `1e999`, no, nan},
		{"an exponent beyond all", `1e99999999999999999999`, no, nan},
		{"infinite text", `"inf"`, no, nan},
		{"hexadecimal text", `"0x1p4"`, no, nan},
		{"text with underscores", `"1_000"`, no, nan},
		{"text with a plus", `"+5"`, no, nan},
		{"text with a leading zero", `"05"`, no, nan},
		{"text with a space", `"5 "`, no, nan},
		{"empty text", `""`, no, nan},
		{"true", `true`, no, nan},
		{"null", `null`, no, nan},
		{"list", `[1]`, no, nan},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := parse(t, row.literal)
			if n, ok := v.Int(); ok != (row.whole != no) || ok && n != row.whole || !ok && n != 0 {
				t.Errorf("Int of %s = %d, %t, want %d", row.literal, n, ok, row.whole)
			}
			f, ok := v.Float()
			if ok == math.IsNaN(row.float) || ok && math.Float64bits(f) != math.Float64bits(row.float) || !ok && f != 0 {
				t.Errorf("Float of %s = %v, %t, want %v", row.literal, f, ok, row.float)
			}
		})
	}
}

func TestBool(t *testing.T) {
	for literal, want := range map[string][2]bool{
		`true`: {true, true}, `false`: {false, true}, `"true"`: {}, `1`: {}, `null`: {}, `[true]`: {},
	} {
		if value, ok := parse(t, literal).Bool(); value != want[0] || ok != want[1] {
			t.Errorf("Bool of %s = %t, %t, want %t, %t", literal, value, ok, want[0], want[1])
		}
	}
}

func TestMakingValues(t *testing.T) {
	of := func(v any) messages.Value {
		value, err := messages.ValueOf(v)
		if err != nil {
			t.Errorf("ValueOf(%v): %v", v, err)
		}
		return value
	}
	for _, row := range []struct {
		name string
		got  messages.Value
		want string
	}{
		{"text", messages.TextValue(`a "b" \ <c> é`), `"a \"b\" \\ <c> é"`},
		{"text with controls", messages.TextValue("\n\r\t\x00\x1f\x7f"), `"\n\r\t\u0000\u001f\u007f"`},
		{"text that is no UTF-8", messages.TextValue("a\xffb"), "\"a\ufffdb\""},
		{"int", messages.IntValue(math.MinInt64), `-9223372036854775808`},
		{"float", messages.FloatValue(0.1), `0.1`},
		{"a million", messages.FloatValue(1234567), `1234567`},
		{"a millionth", messages.FloatValue(-1e-6), `-0.000001`},
		{"small float", messages.FloatValue(1.5e-7), `1.5e-07`},
		{"minus zero", messages.FloatValue(math.Copysign(0, -1)), `-0`},
		{"float32", messages.Float32Value(230.1), `230.1`},
		{"infinite float32", messages.Float32Value(float32(math.Inf(-1))), `null`},
		{"large float", messages.FloatValue(1e21), `1e+21`},
		{"infinite float", messages.FloatValue(math.Inf(1)), `null`},
		{"no number", messages.FloatValue(math.NaN()), `null`},
		{"bool", messages.BoolValue(true), `true`},
		{"anything", of(map[string]any{"b": []int{1, 2}, "a": "<&>"}), `{"a":"<&>","b":[1,2]}`},
		{"nil", of(nil), `null`},
		{"a number that keeps its digits", of(json.Number("12345678901234567890")), `12345678901234567890`},
		{"a value", of(messages.IntValue(7)), `7`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.got.Raw() != row.want {
				t.Errorf("got %s, want %s", row.got.Raw(), row.want)
			}
			if !json.Valid([]byte(row.got.Raw())) {
				t.Errorf("%s is no JSON", row.got.Raw())
			}
		})
	}
}

func TestValueOfWhatJSONCannotSay(t *testing.T) {
	var deep any = 1
	for range 1001 {
		deep = []any{deep}
	}
	for name, v := range map[string]any{"a channel": make(chan int), "too deep": deep} {
		got, err := messages.ValueOf(v)
		if err == nil || !strings.HasPrefix(err.Error(), "argument value: ") || got.Kind() != messages.Null {
			t.Errorf("ValueOf of %s = %.20s, %v, want null and an error", name, got, err)
		}
	}
}
