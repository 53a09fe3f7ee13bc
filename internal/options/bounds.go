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

// bounds is what the tags of a field say about its value, or about each item of a list:
//
//	min:"1s" max:"1h"        the least and the most that make sense; either may be left out
//	zero:"never"             0 is allowed besides, and means that
//	one_of:"always never"    the words there are
type bounds struct {
	min, max reflect.Value // of the value's type; invalid: none
	tags     Bounds
}

// Bounds is what an option may be, as it would be written. The zero value is no bound at all.
type Bounds struct {
	Min, Max string
	Zero     string // what 0 means, if that is outside of the two
	OneOf    string // the words of a text, with blanks in between: see Words
}

// String is for those who choose a value: "1s to 1h, or 0: never". It is "" without bounds of a number: the words of a
// text want an explanation each, and so stand in the option's meaning.
func (b Bounds) String() string {
	text := b.span()
	if b.Zero != "" {
		text += ", or 0: " + b.Zero
	}
	return text
}

// Words lists the words that a text may be; nil: any.
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

// readBounds reads the tags of a field. The error says what the programmer got wrong.
func readBounds(f reflect.StructField) (b bounds, err error) {
	b.tags = Bounds{Min: f.Tag.Get("min"), Max: f.Tag.Get("max"), Zero: f.Tag.Get("zero"), OneOf: f.Tag.Get("one_of")}
	t := f.Type
	for !readsText(t) && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if b.tags.OneOf != "" && t.Kind() != reflect.String {
		return bounds{}, errors.New("one_of: for a string only")
	}
	if b.tags.span()+b.tags.Zero != "" && !isNumber(t) {
		return bounds{}, errors.New("min, max and zero: for a number only")
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
			return bounds{}, fmt.Errorf("bound %q: %w", end.tag, err)
		}
		*end.to = v
	}
	if b.min.IsValid() && b.max.IsValid() && compare(b.min, b.max) > 0 {
		return bounds{}, fmt.Errorf("min %s is above max %s", b.tags.Min, b.tags.Max)
	}
	return b, nil
}

// check says what is wrong with a value that has been read.
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

// isNumber is true for what can be more or less, sizes and durations among them.
func isNumber(t reflect.Type) bool {
	return isInteger(t) || t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
}

// compare is for two numbers of one type.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	}
	return cmp.Compare(a.Float(), b.Float())
}

// written is a number as its operator would write it.
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

// Duration writes a duration as one would by hand: "60s" and "2h" rather than "1m0s" and "2h0m0s".
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
