package options

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bounds are the tags of a field that bound its value, or each item of a list:
//
//	min:"1s" max:"1h"        the least and the most that make sense; either may be left out
//	zero:"never"             0 is allowed as well, and means "never"
//	one_of:"always never"    the words that are allowed
type bounds struct {
	min, max reflect.Value // of the field's type; invalid: no bound
	tags     Bounds
}

// Bounds are the values that an option may have, as an operator writes them. The zero Bounds allow every value.
type Bounds struct {
	Min, Max string
	Zero     string // what 0 means, if 0 is allowed outside of Min and Max
	OneOf    string // the words that are allowed, with blanks in between: see Words
}

// String returns the bounds of a number: "1s to 1h, or 0: never". It returns "" for the words of a text, each of which the
// option's doc explains.
func (b Bounds) String() string {
	text := b.span()
	if b.Zero != "" {
		text += ", or 0: " + b.Zero
	}
	return text
}

// Words returns the words that are allowed; nil: any.
func (b Bounds) Words() []string { return strings.Fields(b.OneOf) }

func (b Bounds) span() string {
	switch {
	case b.Min != "" && b.Max != "":
		return b.Min + " to " + b.Max
	case b.Min != "":
		return b.Min + " or more"
	case b.Max != "":
		return b.Max + " at most"
	}
	return ""
}

// unbound are the bounds of most fields, which have none.
var unbound = new(bounds)

// readBounds reads the tags of a field. The error is a mistake of the programmer.
func readBounds(f reflect.StructField) (*bounds, error) {
	b := &bounds{tags: Bounds{Min: f.Tag.Get("min"), Max: f.Tag.Get("max"), Zero: f.Tag.Get("zero"), OneOf: f.Tag.Get("one_of")}}
	if b.tags == (Bounds{}) {
		return unbound, nil
	}
	t := f.Type
	for !readsText(t) && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer) {
		t = t.Elem()
	}
	if b.tags.OneOf != "" && (t.Kind() != reflect.String || t == reflect.TypeFor[Secret]()) {
		return unbound, errors.New("one_of: for a string only, and not for a secret")
	}
	if b.tags.span()+b.tags.Zero != "" && !isNumber(t) {
		return unbound, errors.New("min, max and zero: for a number only")
	}
	for _, end := range []struct {
		tag string
		to  *reflect.Value
	}{{b.tags.Min, &b.min}, {b.tags.Max, &b.max}} {
		if end.tag == "" {
			continue
		}
		v := reflect.New(t).Elem()
		if err := setScalar(end.tag, v); err != nil {
			return unbound, fmt.Errorf("bound %q: %w", end.tag, err)
		}
		*end.to = v
	}
	if b.min.IsValid() && b.max.IsValid() && compare(b.min, b.max) > 0 {
		return unbound, fmt.Errorf("min %s is above max %s", b.tags.Min, b.tags.Max)
	}
	return b, nil
}

// check returns why v is out of bounds, nil if it is not.
func (b *bounds) check(v reflect.Value) error {
	if b.tags.OneOf != "" {
		words := b.tags.Words()
		if slices.Contains(words, v.String()) {
			return nil
		}
		return fmt.Errorf("%q: want %s", v.String(), alternatives(words))
	}
	low := b.min.IsValid() && compare(v, b.min) < 0
	high := b.max.IsValid() && compare(v, b.max) > 0
	if !low && !high || b.tags.Zero != "" && v.IsZero() {
		return nil
	}
	return fmt.Errorf("%s is out of range: want %s", written(v), b.tags)
}

// alternatives joins words: "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// isNumber reports whether a type is a number; sizes and durations are.
func isNumber(t reflect.Type) bool {
	return isInteger(t) || t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
}

// compare compares two numbers of one type.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	}
	return cmp.Compare(a.Float(), b.Float())
}

// written returns a number as an operator writes it.
func written(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return Duration(value)
	case fmt.Stringer:
		return value.String()
	default:
		return fmt.Sprint(value)
	}
}

// Duration returns a duration as an operator writes it: "60s" and "2h" rather than "1m0s" and "2h0m0s".
func Duration(d time.Duration) string {
	if d%time.Second == 0 && -2*time.Minute <= d && d <= 2*time.Minute {
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
