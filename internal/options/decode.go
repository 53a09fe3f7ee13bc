package options

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Decode sets every field of the struct that into points to, from raw where it has the key, else to its default.
// The error joins one Fault for each thing that is wrong: an unknown key, a value of the wrong type or out of range,
// a required option that is missing. After an error the struct holds what could be read.
//
// A default that does not parse panics; see Check.
func Decode(raw map[string]any, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("options: Decode into %T, want a pointer to a struct", into))
	}
	t := structType(into)
	if !differs(raw, t) { // as the options of most devices: copies of 100,000 would take 30 MB of memory for good
		return DecodeNormalized(raw, into)
	}
	clean := clone(raw).(map[string]any)
	spelt, err := normalize(clean, t, true)
	faults := []error{err}
	for _, f := range Faults(DecodeNormalized(clean, into)) {
		faults = append(faults, &Fault{respell(f.Key, spelt), f.Err})
	}
	return errors.Join(faults...)
}

// DecodeNormalized is Decode for options that Normalize has changed, or whose keys are spelt like those of the struct.
func DecodeNormalized(clean map[string]any, into any) error {
	d := decoder{}
	d.section(top(), clean, reflect.ValueOf(into).Elem())
	return errors.Join(d.faults...)
}

// respell turns a key into the operator's spelling of it, as far as he wrote it at all.
func respell(key string, spelt map[string]string) string {
	rest := ""
	for key != "" {
		if as, ok := spelt[key]; ok {
			return as + rest
		}
		cut := max(strings.LastIndexAny(key, ".["), 0)
		key, rest = key[:cut], key[cut:]+rest
	}
	return rest
}

type decoder struct{ faults faultList }

// section fills the struct v from a map whose keys are normalized.
func (d *decoder) section(at place, raw map[string]any, v reflect.Value) {
	for _, f := range specs(v.Type()) {
		key, dst := at.under(f.key), v.FieldByIndex(f.Index)
		value, given := raw[f.key]
		switch {
		case given:
			dst.SetZero()
			d.value(key, value, dst, &f.bounds)
		case f.isSection():
			d.section(key, nil, dst)
		case f.parsed.IsValid():
			dst.Set(f.parsed)
		case f.hasDefault:
			dst.SetZero()
			if err := parseDefault(f, dst); err != nil {
				panic("options: " + err.Error())
			}
		case f.isRequired():
			d.missing(key, f)
		default:
			dst.SetZero()
		}
	}
}

func (d *decoder) missing(at place, f spec) {
	hint := ""
	if example := f.Tag.Get("example"); example != "" {
		hint = ", such as " + example
	}
	d.faults.addf(at.String(), "missing: want %s%s", aTypeWord(f.Type), hint)
}

// value sets dst, which is zero, going down into lists, maps and structs so that each fault has its own key. An empty
// list or map leaves it nil, so that what is given empty equals what is not given. The bounds are those of each item.
func (d *decoder) value(at place, raw any, dst reflect.Value, b *bounds) {
	t := dst.Type()
	switch {
	case isSection(t):
		m, ok := raw.(map[string]any)
		if !ok {
			d.faults.addf(at.String(), "want a section with options below it, have %s", kindOf(raw))
			m = nil
		}
		d.section(at, m, dst)
	case readsText(t):
		d.scalar(at, raw, dst, b)
	case t.Kind() == reflect.Slice:
		d.list(at, raw, dst, b)
	case t.Kind() == reflect.Map:
		m, ok := raw.(map[string]any)
		if !ok {
			d.faults.addf(at.String(), "want a section, have %s", kindOf(raw))
			return
		}
		if len(m) == 0 {
			return
		}
		if t == reflect.TypeFor[map[string]any]() {
			dst.Set(reflect.ValueOf(maps.Clone(m)))
			return
		}
		dst.Set(reflect.MakeMapWithSize(t, len(m)))
		for _, k := range slices.Sorted(maps.Keys(m)) {
			item, key := reflect.New(t.Elem()).Elem(), at.under(k)
			d.value(key, m[k], item, b)
			dst.SetMapIndex(reflect.ValueOf(k).Convert(t.Key()), item)
		}
	case t.Kind() == reflect.Interface:
		if raw != nil {
			dst.Set(reflect.ValueOf(raw))
		}
	default:
		d.scalar(at, raw, dst, b)
	}
}

func (d *decoder) list(at place, raw any, dst reflect.Value, b *bounds) {
	var items []any
	switch raw := raw.(type) {
	case string:
		if isSection(dst.Type().Elem()) {
			d.faults.addf(at.String(), "want a list, have %s", kindOf(raw))
			return
		}
		var err error
		if items, err = splitList(raw); err != nil {
			d.faults.add(at.String(), err)
			return
		}
	case []any:
		items = raw
	default:
		v := reflect.ValueOf(raw)
		if v.Kind() != reflect.Slice {
			d.faults.addf(at.String(), "want a list, have %s", kindOf(raw))
			return
		}
		for i := range v.Len() {
			items = append(items, v.Index(i).Interface())
		}
	}
	if len(items) == 0 {
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(items), len(items)))
	for i, item := range items {
		key := at.at(i)
		d.value(key, item, dst.Index(i), b)
	}
}

// splitList takes text for a list: words with commas between them, and one behind the last if you like. What looks like the
// list of another notation would make words that nobody means.
func splitList(text string) (items []any, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	words := strings.Split(text, ",")
	if last := len(words) - 1; last > 0 && strings.TrimSpace(words[last]) == "" {
		words = words[:last]
	}
	for i, word := range words {
		word = strings.TrimSpace(word)
		switch {
		case word == "":
			return nil, fmt.Errorf("word %d is empty: want words with commas between them, such as a, b", i+1)
		case strings.ContainsAny(word[:1], `["'`):
			return nil, fmt.Errorf("word %d begins with %c: want words without brackets and quotes, such as a, b", i+1, word[0])
		}
		items = append(items, word)
	}
	return items, nil
}

func (d *decoder) scalar(at place, raw any, dst reflect.Value, b *bounds) {
	err := setScalar(raw, dst)
	if err == nil {
		err = b.check(dst)
	}
	if err != nil {
		d.faults.add(at.String(), err)
	}
}
