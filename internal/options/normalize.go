package options

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Normalize changes the keys in raw to the spelling of v, a struct, a pointer to one or the reflect.Type of one. The values
// stay unread. A key that v does not have, or one given twice in different cases, is a Fault and deleted; so is a null, which
// counts as not given. spelt holds, for each dotted key, how the operator spelt it; below the items of a list only the keys
// whose spelling differs.
func Normalize(raw map[string]any, v any) (spelt map[string]string, err error) {
	return normalize(raw, structType(v), false)
}

// normalize is Normalize. With brief set, spelt holds only the keys whose spelling differs.
func normalize(raw map[string]any, t reflect.Type, brief bool) (spelt map[string]string, err error) {
	n := normalizer{whole: t, spelt: map[string]string{}}
	n.section(spot{own: top(), written: top(), brief: brief}, raw, t)
	return n.spelt, errors.Join(n.faults...)
}

// differs reports whether Normalize would change anything in value, which is read into a t.
func differs(value any, t reflect.Type) bool {
	switch value := value.(type) {
	case map[string]any:
		if isSection(t) {
			return sectionDiffers(value, specs(t))
		}
		for _, item := range value {
			if t.Kind() == reflect.Map && differs(item, t.Elem()) {
				return true
			}
		}
	case []any:
		return t.Kind() == reflect.Slice && slices.ContainsFunc(value, func(item any) bool { return differs(item, t.Elem()) })
	}
	return false
}

func sectionDiffers(raw map[string]any, fields []spec) bool {
	for name, item := range raw {
		i := slices.IndexFunc(fields, func(f spec) bool { return f.key == name })
		if i < 0 || item == nil || differs(item, fields[i].Type) {
			return true
		}
	}
	return false
}

// clone copies the maps and lists of a value from a file.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		own := make(map[string]any, len(value))
		for key, item := range value {
			own[key] = clone(item)
		}
		return own
	case []any:
		own := make([]any, len(value))
		for i, item := range value {
			own[i] = clone(item)
		}
		return own
	}
	return value
}

type normalizer struct {
	whole  reflect.Type
	spelt  map[string]string
	faults faultList
}

// spot is a place in both spellings, the struct's own and the operator's.
type spot struct {
	own, written place
	differs      bool // the two spellings differ
	brief        bool // spelt needs the place only if they do
}

// section changes one level.
func (n *normalizer) section(at spot, raw map[string]any, t reflect.Type) {
	fields := specs(t)
	given := make([]string, len(fields)) // how the operator spells each; "": the field is not given
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		written := at.written.under(name)
		i := slices.IndexFunc(fields, func(f spec) bool { return strings.EqualFold(f.key, name) })
		if i < 0 {
			as := written.String()
			n.faults.add(as, unknown(as, keysBelow(at.own.String(), fields), n.all()))
			delete(raw, name)
			continue
		}
		key, value := fields[i].key, raw[name]
		if name != key || value == nil {
			delete(raw, name)
		}
		if value == nil {
			continue
		}
		if given[i] != "" {
			n.faults.addf(written.String(), "given twice, also as %s", join(at.written.String(), given[i]))
			continue
		}
		given[i] = name
		below := spot{at.own.under(key), written, at.differs || name != key, at.brief}
		if below.differs || !at.brief {
			n.spelt[below.own.String()] = written.String()
		}
		raw[key] = value
		n.value(below, value, fields[i].Type)
	}
}

// all returns every key of the whole struct.
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

// value goes down into sections, and into lists and maps that may hold sections.
func (n *normalizer) value(at spot, value any, t reflect.Type) {
	switch value := value.(type) {
	case map[string]any:
		if isSection(t) {
			n.section(at, value, t)
			return
		}
		if t.Kind() == reflect.Map && !readsText(t) && t.Elem().Kind() != reflect.Interface {
			for _, key := range slices.Sorted(maps.Keys(value)) {
				n.value(spot{at.own.under(key), at.written.under(key), at.differs, at.brief}, value[key], t.Elem())
			}
		}
	case []any:
		if t.Kind() == reflect.Slice && !readsText(t) {
			for i, item := range value {
				n.value(spot{at.own.at(i), at.written.at(i), at.differs, true}, item, t.Elem())
			}
		}
	}
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
