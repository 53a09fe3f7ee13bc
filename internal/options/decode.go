package options

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Decode sets every field of the struct that into points to: from raw if raw has the key, otherwise to its default. The error
// joins a Fault for each unknown key, each value of the wrong type or out of range, and each required option that is missing.
// After an error the struct holds the values that could be read. Decode does not change raw.
//
// Each struct that is a [Validator], in whatever depth, is asked once its own fields are without fault, those within before those
// around them.
//
// Decode panics if a default does not parse; see Check.
func Decode(raw map[string]any, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("options: Decode into %T, want a pointer to a struct", into))
	}
	t := structType(into)
	if !differs(raw, t) { // most often; copies for 100,000 devices would keep 30 MB of memory
		return DecodeNormalized(raw, into)
	}
	clean := clone(raw).(map[string]any)
	spelt, err := normalize(clean, t, true)
	faults := []error{err}
	for _, f := range Faults(DecodeNormalized(clean, into)) {
		faults = append(faults, &Fault{Key: respell(f.Key, spelt), Err: f.Err})
	}
	return errors.Join(faults...)
}

// DecodeNormalized is Decode for options that Normalize has changed, or whose keys are spelt like those of the struct.
func DecodeNormalized(clean map[string]any, into any) error {
	d := decoder{}
	d.section(top(), clean, reflect.ValueOf(into).Elem())
	return errors.Join(d.faults...)
}

// respell returns a key as the operator has spelt it, as far as he has written it.
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

// Validator is a struct of options that knows faults which tags can't tell, such as two options that exclude each other. An error
// may join several, and name an option of the struct by a [Fault].
type Validator interface{ Validate() error }

type decoder struct{ faults faultList }

// section fills the struct v from a map whose keys are spelt like its own, and asks it what is wrong with it.
func (d *decoder) section(at place, raw map[string]any, v reflect.Value) {
	before := len(d.faults)
	if d.fields(at, raw, v); len(d.faults) == before {
		d.ask(at, v)
	}
}

// ask asks the struct v what is wrong with it, and before it the structs that it embeds: a Validate of its own hides theirs.
func (d *decoder) ask(at place, v reflect.Value) {
	before, embedded := len(d.faults), -1
	for _, f := range specs(v.Type()) {
		if len(f.Index) > 1 && f.Index[0] != embedded {
			embedded = f.Index[0]
			d.ask(at, v.Field(embedded))
		}
	}
	if asked, ok := v.Addr().Interface().(Validator); ok && len(d.faults) == before {
		for _, f := range Faults(asked.Validate()) {
			d.faults.add(join(at.String(), f.Key), f.Err)
		}
	}
}

// fields fills the fields of the struct v.
func (d *decoder) fields(at place, raw map[string]any, v reflect.Value) {
	for _, f := range specs(v.Type()) {
		key, dst := at.under(f.key), v.FieldByIndex(f.Index)
		value, given := raw[f.key]
		switch {
		case given:
			dst.SetZero()
			d.value(key, value, dst, f.bounds)
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

// value sets dst, which is zero. It goes down into lists, maps and structs, so that each fault has its own key. An empty list or
// map leaves dst nil: given empty equals not given. b bounds each item.
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
	case t.Kind() == reflect.Pointer:
		dst.Set(reflect.New(t.Elem()))
		d.value(at, raw, dst.Elem(), b)
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

// splitList reads a list from text: words with commas in between; a comma behind the last is allowed. It refuses a word that
// begins with a bracket or a quote: the list is written in another notation, and would be read wrongly.
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
