package messages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
)

// Kind is the kind of a [Value] in JSON.
type Kind uint8

// The kinds of RFC 8259, section 3.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Object
)

var kindNames = [...]string{"null", "bool", "number", "text", "list", "object"}

// String returns the kind's name in lower case.
func (k Kind) String() string { return kindNames[k] }

// Value is the value of an argument: an immutable JSON literal. A number keeps every digit: 12345678901234567890 and 1e21 are
// sent as they have arrived. The zero Value is null. Compare values with [Value.Equal], not with ==.
type Value struct {
	raw string // a valid literal without surrounding white space; "" stands for null
}

// TextValue returns s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func TextValue(s string) Value { return Value{string(appendText(make([]byte, 0, len(s)+2), s))} }

// IntValue returns n as a JSON number.
func IntValue(n int64) Value { return Value{strconv.FormatInt(n, 10)} }

// FloatValue returns f as a JSON number in its shortest form, or null if f is infinite or not a number, which JSON cannot express.
func FloatValue(f float64) Value { return floatValue(f, 64) }

// Float32Value is FloatValue for what equipment keeps as a float32: 230.1 stays 230.1, where float64(f) were 230.10000610351562.
func Float32Value(f float32) Value { return floatValue(float64(f), 32) }

func floatValue(f float64, bits int) Value {
	format := byte('f')
	switch size := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return Value{}
	case size != 0 && size < 1e-6 || size >= 1e21: // as encoding/json and JavaScript have it
		format = 'e'
	}
	return Value{strconv.FormatFloat(f, format, -1, bits)}
}

// BoolValue returns b as a JSON literal.
func BoolValue(b bool) Value { return Value{strconv.FormatBool(b)} }

// ValueOf returns v as a value, as encoding/json marshals it. It returns an error for values that are nested deeper
// than [ParseValue] allows.
func ValueOf(v any) (Value, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Value{}, fmt.Errorf("argument value: %w", err)
	}
	value, err := ParseValue(strings.TrimSuffix(b.String(), "\n"))
	if err != nil {
		return Value{}, fmt.Errorf("argument value: %w", err)
	}
	return value, nil
}

// ParseValue returns literal as a value, or an error unless literal is exactly one JSON value, with or without white
// space around it. The value shares literal's memory. Nesting deeper than 1,000 levels is an error.
func ParseValue(literal string) (Value, error) {
	begin := skipSpace(literal, 0)
	end, err := skipValue(literal, begin, 0)
	if err != nil {
		return Value{}, err
	}
	if rest := skipSpace(literal, end); rest < len(literal) {
		return Value{}, &SyntaxError{rest, "anything but white space after the value"}
	}
	return Value{literal[begin:end]}, nil
}

// Kind returns the kind of v.
func (v Value) Kind() Kind {
	if v.raw == "" {
		return Null
	}
	switch v.raw[0] {
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	case '"':
		return Text
	case '[':
		return List
	case '{':
		return Object
	}
	return Number
}

// Raw returns the JSON literal.
func (v Value) Raw() string {
	if v.raw == "" {
		return "null"
	}
	return v.raw
}

// Text returns the text of a JSON string, and false for any other kind.
func (v Value) Text() (string, bool) {
	if v.Kind() != Text {
		return "", false
	}
	return unquote(v.raw), true
}

// Int returns the number if v is a whole number that fits into an int64, such as 5, 5.0 or 1e3, or a text that contains
// such a JSON number, since publishers write both. It returns false for any other value.
func (v Value) Int() (int64, bool) {
	number, ok := v.number()
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n, true
	}
	return decimalOf(number).int64()
}

// Float returns the float64 nearest to the number if v is a number, or a text that contains a JSON number. It returns
// false if the number is out of range, and for any other value.
func (v Value) Float() (float64, bool) {
	number, ok := v.number()
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	return f, true
}

// number returns the literal of the number v, or of the number in the text v. The parsers of strconv alone would accept
// "inf", "0x1p4", "1_000" and "+5", too.
func (v Value) number() (string, bool) {
	switch v.Kind() {
	case Number:
		return v.raw, true
	case Text:
		text := unquote(v.raw)
		if text == "" || text[0] != '-' && !isDigit(text[0]) {
			return "", false // most texts are no numbers: returning here costs no error
		}
		end, err := skipNumber(text, 0)
		return text, err == nil && end == len(text)
	}
	return "", false
}

// Bool returns whether v is true, and ok if v is true or false.
func (v Value) Bool() (value, ok bool) { return v.raw == "true", v.Kind() == Bool }

// Elements yields the elements of a list in order, and nothing for other kinds.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for i := skipSpace(v.raw, 1); v.raw[i] != ']'; {
			end, _ := skipValue(v.raw, i, 0)
			if !yield(Value{v.raw[i:end]}) {
				return
			}
			i = skipComma(v.raw, end)
		}
	}
}

// Members yields the keys and values of an object in order, repeated keys included, and nothing for other kinds.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := skipSpace(v.raw, 1); v.raw[i] != '}'; {
			end, _ := skipString(v.raw, i)
			key := unquote(v.raw[i:end])
			begin := skipSpace(v.raw, skipSpace(v.raw, end)+1) // over the colon
			end, _ = skipValue(v.raw, begin, 0)
			if !yield(key, Value{v.raw[begin:end]}) {
				return
			}
			i = skipComma(v.raw, end)
		}
	}
}

// compact returns v without white space between the tokens of a list or an object, so that a value is always on one
// line.
func (v Value) compact() Value {
	if k := v.Kind(); (k != List && k != Object) || !strings.ContainsAny(v.raw, " \t\n\r") {
		return v
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(v.raw)) != nil {
		return v // impossible: raw is valid
	}
	return Value{b.String()}
}

// String returns a text itself, and the literal of any other value.
func (v Value) String() string {
	if s, ok := v.Text(); ok {
		return s
	}
	return v.Raw()
}

// MarshalJSON returns the literal.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(v.Raw()), nil }

// UnmarshalJSON sets v to the literal b.
func (v *Value) UnmarshalJSON(b []byte) (err error) {
	*v, err = ParseValue(string(b))
	return err
}
