package options

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Normalize copies raw with the keys spelt as v, a struct, a pointer to one or the reflect.Type of one, spells them.
// An unknown key, or one given twice in different cases, is a Fault and left out; a null counts as not given. The
// values stay unread. spelt tells of each dotted key in the copy how the operator spelt it; below the items of a list only
// of those that he spelt differently. raw is not changed.
func Normalize(raw map[string]any, v any) (clean map[string]any, spelt map[string]string, err error) {
	t := structType(v)
	n := normalizer{spelt: map[string]string{}}
	for f := range All(reflect.New(t).Interface()) {
		n.all = append(n.all, f.Key)
	}
	clean = n.section("", "", stringKeys(raw).(map[string]any), t)
	return clean, n.spelt, errors.Join(n.faults...)
}

type normalizer struct {
	all    []string // every key of the whole struct
	spelt  map[string]string
	faults faultList
}

// section reads one level: path is where it is in our spelling, written in the operator's.
func (n *normalizer) section(path, written string, raw map[string]any, t reflect.Type) map[string]any {
	fields := specs(t)
	clean := make(map[string]any, len(raw))
	given := map[string]string{} // by our spelling, only those spelt differently
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		as := join(written, name)
		i := slices.IndexFunc(fields, func(f spec) bool { return strings.EqualFold(f.key, name) })
		if i < 0 {
			n.faults.add(as, unknown(as, keysBelow(path, fields), n.all))
			continue
		}
		if raw[name] == nil {
			continue
		}
		own := fields[i].key
		key := join(path, own)
		if _, ok := clean[own]; ok {
			n.faults.addf(as, "given twice, also as %s", join(written, cmp.Or(given[own], own)))
			continue
		}
		if name != own {
			given[own] = name
		}
		if as != key || !strings.Contains(path, "[") {
			n.spelt[key] = as
		}
		clean[own] = n.value(key, as, raw[name], fields[i].Type)
	}
	return clean
}

func keysBelow(path string, fields []spec) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = join(path, f.key)
	}
	return keys
}

// value goes down into what holds further options and leaves everything else as it is.
func (n *normalizer) value(key, written string, value any, t reflect.Type) any {
	switch value := value.(type) {
	case map[string]any:
		if isSection(t) {
			return n.section(key, written, value, t)
		}
		if t.Kind() == reflect.Map && !readsText(t) {
			m := make(map[string]any, len(value))
			for _, k := range slices.Sorted(maps.Keys(value)) {
				m[k] = n.value(join(key, k), join(written, k), value[k], t.Elem())
			}
			return m
		}
	case []any:
		if t.Kind() == reflect.Slice && !readsText(t) {
			list := make([]any, len(value))
			for i, item := range value {
				at := "[" + strconv.Itoa(i) + "]"
				list[i] = n.value(key+at, written+at, item, t.Elem())
			}
			return list
		}
	}
	return value
}

// stringKeys copies value with every map below it keyed by strings: YAML allows others, such as numbers. What is
// neither a map nor a list is returned as it is.
func stringKeys(value any) any {
	switch value := value.(type) {
	case map[any]any:
		m := make(map[string]any, len(value))
		for k, v := range value {
			m[fmt.Sprint(k)] = stringKeys(v)
		}
		return m
	case map[string]any:
		m := make(map[string]any, len(value))
		for k, v := range value {
			m[k] = stringKeys(v)
		}
		return m
	case []map[string]any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = stringKeys(v)
		}
		return list
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = stringKeys(v)
		}
		return list
	}
	return value
}
