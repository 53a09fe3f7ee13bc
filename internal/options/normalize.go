package options

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Normalize returns raw with the keys spelt as v, a struct, a pointer to one or the reflect.Type of one, spells them.
// An unknown key, or one given twice in different cases, is a Fault and left out; a null counts as not given. The
// values stay unread. spelt tells of each dotted key in what is returned how the operator spelt it; below the items of a
// list only of those that he spelt differently. raw is not changed; what is returned shares with it what needs no change.
func Normalize(raw map[string]any, v any) (clean map[string]any, spelt map[string]string, err error) {
	return normalize(raw, structType(v), false)
}

// normalize is Normalize; brief has it tell only of the keys that are spelt differently.
func normalize(raw map[string]any, t reflect.Type, brief bool) (clean map[string]any, spelt map[string]string, err error) {
	n := normalizer{whole: t, spelt: map[string]string{}}
	keyed, _ := stringKeys(raw)
	clean, _ = n.section(spot{own: top(), written: top(), brief: brief}, keyed.(map[string]any), t)
	return clean, n.spelt, errors.Join(n.faults...)
}

type normalizer struct {
	whole  reflect.Type
	spelt  map[string]string
	faults faultList
}

// spot is a place in both spellings.
type spot struct {
	own, written place
	differs      bool // the spellings do
	brief        bool // it need not be told of if they don't
}

// section reads one level, and reports whether it is as it was.
func (n *normalizer) section(at spot, raw map[string]any, t reflect.Type) (clean map[string]any, same bool) {
	fields := specs(t)
	var room [16]string
	names := room[:0]
	exact := true // each key is spelt as ours and has a value
	for name, value := range raw {
		names = append(names, name)
		exact = exact && value != nil && slices.ContainsFunc(fields, func(f spec) bool { return f.key == name })
	}
	slices.Sort(names)
	clean, same = raw, exact
	if !exact {
		clean = make(map[string]any, len(raw))
	}
	var given map[string]string // by our spelling, only those spelt differently
	for _, name := range names {
		written := at.written.under(name)
		i := slices.IndexFunc(fields, func(f spec) bool { return strings.EqualFold(f.key, name) })
		if i < 0 {
			as := written.String()
			n.faults.add(as, unknown(as, keysBelow(at.own.String(), fields), n.all()))
			continue
		}
		if raw[name] == nil {
			continue
		}
		key := fields[i].key
		if _, twice := clean[key]; twice && !exact {
			n.faults.addf(written.String(), "given twice, also as %s", join(at.written.String(), cmp.Or(given[key], key)))
			continue
		}
		if name != key {
			if given == nil {
				given = map[string]string{}
			}
			given[key] = name
		}
		own := at.own.under(key)
		below := spot{own, written, at.differs || name != key, at.brief}
		if below.differs || !at.brief {
			n.spelt[own.String()] = written.String()
		}
		value, as := n.value(below, raw[name], fields[i].Type)
		if same && !as {
			clean, same = maps.Clone(clean), false
		}
		if !same {
			clean[key] = value
		}
	}
	return clean, same
}

// all is every key of the whole struct.
func (n *normalizer) all() (keys []string) {
	for f := range All(reflect.New(n.whole).Interface()) {
		keys = append(keys, f.Key)
	}
	return keys
}

func keysBelow(path string, fields []spec) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = join(path, f.key)
	}
	return keys
}

// value goes down into what holds further options and leaves everything else as it is. It reports whether that is all.
func (n *normalizer) value(at spot, value any, t reflect.Type) (clean any, same bool) {
	switch value := value.(type) {
	case map[string]any:
		if isSection(t) {
			return n.section(at, value, t)
		}
		if t.Kind() == reflect.Map && !readsText(t) && t.Elem().Kind() != reflect.Interface {
			m := make(map[string]any, len(value))
			for _, k := range slices.Sorted(maps.Keys(value)) {
				own, written := at.own.under(k), at.written.under(k)
				m[k], _ = n.value(spot{own, written, at.differs, at.brief}, value[k], t.Elem())
			}
			return m, false
		}
	case []any:
		if t.Kind() == reflect.Slice && !readsText(t) {
			return mended(value, func(i int, item any) (any, bool) {
				own, written := at.own.at(i), at.written.at(i)
				return n.value(spot{own, written, at.differs, true}, item, t.Elem())
			})
		}
	}
	return value, true
}

// stringKeys returns value with every map below it keyed by strings: YAML allows others, such as numbers. It shares with
// value what needs no change, and reports whether that is all.
func stringKeys(value any) (keyed any, same bool) {
	switch value := value.(type) {
	case map[any]any:
		m := make(map[string]any, len(value))
		for k, v := range value {
			m[fmt.Sprint(k)], _ = stringKeys(v)
		}
		return m, false
	case map[string]any:
		m, same := value, true
		for k, v := range value {
			v, as := stringKeys(v)
			if same && !as {
				m, same = maps.Clone(m), false
			}
			if !same {
				m[k] = v
			}
		}
		return m, same
	case []map[string]any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i], _ = stringKeys(v)
		}
		return list, false
	case []any:
		return mended(value, func(_ int, v any) (any, bool) { return stringKeys(v) })
	}
	return value, true
}

// mended returns what f makes of the items, in a list of its own if f changes any, which it reports; else the same list.
func mended(items []any, f func(i int, item any) (mended any, same bool)) (list []any, same bool) {
	list, same = items, true
	for i, item := range items {
		item, as := f(i, item)
		if same && !as {
			list, same = slices.Clone(list), false
		}
		if !same {
			list[i] = item
		}
	}
	return list, same
}

// unknown says of a key that does not exist which one was probably meant: a neighbour, one of the same name
// elsewhere, or else which ones there are. All three are dotted; all holds the keys of the whole struct.
func unknown(key string, neighbours, all []string) error {
	if near, ok := wording.Nearest(last(key), lastOf(neighbours)); ok {
		return fmt.Errorf("unknown option; did you mean %s?", strings.TrimSuffix(key, last(key))+near)
	}
	for _, k := range all {
		if strings.EqualFold(k, key) {
			return fmt.Errorf("unknown option: write %s below its section, not with a dot", last(k))
		}
		if strings.EqualFold(last(k), last(key)) {
			return fmt.Errorf("unknown option; did you mean %s?", k)
		}
	}
	if len(neighbours) == 0 {
		return fmt.Errorf("unknown option; there are none")
	}
	return fmt.Errorf("unknown option; there are %s", strings.Join(neighbours, ", "))
}

func lastOf(keys []string) []string {
	short := make([]string, len(keys))
	for i, k := range keys {
		short[i] = last(k)
	}
	return short
}
