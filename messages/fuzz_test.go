package messages_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/messages"
)

var literals = []string{
	``, `null`, `true`, `fals`, `0`, `-0`, `-01`, `1.`, `1e21`, `12345678901234567890`, `1E-7`, `--1`, `"a"`, `"\u00e9\ud83d\ude00"`,
	`"\ud83d"`, `"\ud83d\n"`, `"\x"`, "\"a\tb\"", "\"\xff\"", `"\u12`, `[]`, `[1, [2.0], {"a": null}]`, `[1,]`, `{"a":1,"b":[{"c":"}"}],"a":2}`,
	`{"a"}`, `{"a":1 "b":2}`, " {\n} ", `{} {}`, `[[[[[[[[[[]]]]]]]]]]`, `[[[[[[[[[[`, "\ufeff1", `{"":{"":{"":""}}}`,
}

// ParseValue accepts what encoding/json accepts, unless it is nested too deep, and nothing else; both read the same
// value.
func FuzzParseValue(f *testing.F) {
	for _, literal := range append(literals, strings.Repeat("[", 1001)+strings.Repeat("]", 1001)) {
		f.Add(literal)
	}
	f.Fuzz(func(t *testing.T, literal string) {
		v, err := messages.ParseValue(literal)
		if fault, ok := errors.AsType[*messages.SyntaxError](err); ok {
			if fault.Offset < 0 || fault.Offset > len(literal) || fault.Found == "" {
				t.Fatalf("%q: %v, of %d bytes", literal, err, len(literal))
			}
		}
		tooDeep := err != nil && strings.Contains(err.Error(), "a nesting deeper than")
		if valid := json.Valid([]byte(literal)); valid != (err == nil) && !tooDeep {
			t.Fatalf("%q: %v, but valid is %t", literal, err, valid)
		}
		if err != nil {
			return
		}
		if strings.Trim(literal, " \t\r\n") != v.Raw() {
			t.Fatalf("%q came out as %q", literal, v.Raw())
		}
		walk(t, v)
	})
}

// walk compares v, and everything in it, with what encoding/json reads.
func walk(t *testing.T, v messages.Value) {
	if !v.Equal(parse(t, v.Raw())) {
		t.Fatalf("%q does not equal itself", v.Raw())
	}
	switch v.Kind() {
	case messages.Text:
		var want string
		if err := json.Unmarshal([]byte(v.Raw()), &want); err != nil {
			t.Fatal(err)
		}
		got, ok := v.Text()
		if !utf8.ValidString(got) {
			got = string([]rune(got)) // each byte that is not UTF-8 becomes U+FFFD, as in encoding/json
		}
		if !ok || got != want {
			t.Fatalf("%q says %q, want %q", v.Raw(), got, want)
		}
	case messages.List:
		var want []json.RawMessage
		if err := json.Unmarshal([]byte(v.Raw()), &want); err != nil {
			t.Fatal(err)
		}
		i := 0
		for e := range v.Elements() {
			if i >= len(want) || e.Raw() != string(want[i]) {
				t.Fatalf("element %d of %q is %q, want them to be %q", i, v.Raw(), e.Raw(), want)
			}
			walk(t, e)
			i++
		}
		if i != len(want) {
			t.Fatalf("%q has %d elements, want %d", v.Raw(), i, len(want))
		}
	case messages.Object:
		var got, want []string
		for key, e := range v.Members() {
			got = append(got, string([]rune(key)), e.Raw())
			walk(t, e)
		}
		d := json.NewDecoder(strings.NewReader(v.Raw()))
		for _, err := d.Token(); err == nil && d.More(); {
			key, _ := d.Token()
			var e json.RawMessage
			if err := d.Decode(&e); err != nil {
				t.Fatal(err)
			}
			want = append(want, key.(string), string(e))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q has %q, want %q", v.Raw(), got, want)
		}
	case messages.Number:
		var want float64
		err := json.Unmarshal([]byte(v.Raw()), &want)
		if got, ok := v.Float(); ok != (err == nil) || ok && got != want {
			t.Fatalf("%q is %v, %t, want %v, %v", v.Raw(), got, ok, want, err)
		}
		if n, ok := v.Int(); ok && !messages.IntValue(n).Equal(v) {
			t.Fatalf("%q as a whole number is %d", v.Raw(), n)
		}
	}
}

// A message that was read is written on one line, and reading that line returns the same message.
func FuzzMessageJSON(f *testing.F) {
	for _, literal := range literals {
		f.Add("Lighting", "gw", "Kitchen", "spot", "me", "DIM", "level", literal, true)
	}
	f.Add("", "", "", "", "", "a\nb", "\"\\\x7f", "{ \"\u2028\" :\t[ ] }", false)
	f.Fuzz(func(t *testing.T, function, gateway, location, device, sender, action, key, literal string, command bool) {
		for _, word := range []string{function, gateway, location, device, sender, action, key, literal} {
			if !utf8.ValidString(word) {
				return // the mapper refuses it
			}
		}
		v, err := messages.ParseValue(literal)
		if err != nil || strings.Count(literal, "[")+strings.Count(literal, "{") > 998 {
			return // a message has two levels around its arguments
		}
		kind := messages.Status
		if command {
			kind = messages.Command
		}
		m := messages.New(kind, messages.Address{Function: function, Gateway: gateway, Location: location, Device: device}, action).
			WithSender(sender).WithArg(key, v).WithArg("second", messages.TextValue(literal))
		b := m.AppendJSON(nil)
		if !json.Valid(b) || strings.ContainsAny(string(b), "\r\n") {
			t.Fatalf("written as %q", b)
		}
		if strings.ContainsAny(m.String(), "\r\n") {
			t.Fatalf("on several lines: %s", m)
		}
		var back messages.InternalMsg
		if err := json.Unmarshal(b, &back); err != nil || !back.Equal(m) {
			t.Fatalf("%s\ncame back as %s, %v", b, back.AppendJSON(nil), err)
		}
		if again := back.AppendJSON(nil); string(again) != string(b) {
			t.Fatalf("written as  %s\nthen as     %s", b, again)
		}
		if std, err := json.Marshal(m); err != nil || !fromJSON(t, string(std)).Equal(m) {
			t.Fatalf("by encoding/json as %s, %v", std, err)
		}
	})
}
