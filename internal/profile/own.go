package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// points lays the user's points over those with the same IDs, and adds the others.
func (r *renderer) points(params map[string]any, own any) {
	if own == nil {
		return
	}
	list, ok := own.([]any)
	if !ok {
		r.fault("points", fmt.Errorf("want a list of points"))
		return
	}
	there := make(map[string]item)
	gather("", params, there)
	seen := make(map[string]int)
	added, _ := params["points"].([]any)
	for i, point := range list {
		key := index("points", i)
		fields, _ := point.(map[string]any)
		idKey := spelt(fields, "id")
		id, _ := fields[idKey].(string)
		if first, twice := seen[id]; twice && id != "" {
			r.fault(key+".id", fmt.Errorf("%q is points[%d] already", id, first))
			continue
		}
		seen[id] = i
		if at, known := there[id]; known && id != "" {
			rest := maps.Clone(fields)
			delete(rest, idKey) // the profile's, as it is
			r.overlay(at.fields, at.key, rest, key)
			continue
		}
		r.gives(index("points", len(added)), key)
		added = append(added, point)
	}
	if len(added) > 0 {
		params["points"] = added
	}
}

// item is a section with an ID in a list.
type item struct {
	key    string
	fields map[string]any
}

// gather finds the items with an ID of all lists in a value.
func gather(key string, value any, into map[string]item) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			gather(under(key, name), value[name], into)
		}
	case []any:
		for i, one := range value {
			fields, _ := one.(map[string]any)
			if id, ok := fields["id"].(string); ok {
				if _, twice := into[id]; !twice {
					into[id] = item{index(key, i), fields}
				}
			}
			gather(index(key, i), one, into)
		}
	}
}

// overlay lays the user's options over those of a section.
func (r *renderer) overlay(section map[string]any, at string, own map[string]any, ownAt string) {
	said := make(map[string]string, len(own)) // how the user spells it, by how the section does
	for _, name := range slices.Sorted(maps.Keys(own)) {
		as, value := spelt(section, name), own[name]
		key, ownKey := under(at, as), under(ownAt, name)
		if other, twice := said[as]; twice {
			r.fault(ownKey, fmt.Errorf("given twice, also as %s", under(ownAt, other)))
			continue
		}
		said[as] = name
		over, isSection := value.(map[string]any)
		below, both := section[as].(map[string]any)
		switch {
		case value == nil:
			delete(section, as)
		case isSection && both:
			r.overlay(below, key, over, ownKey)
		default:
			section[as] = value
			r.gives(key, ownKey)
		}
	}
}

// gives notes that a user gives a value as a whole.
func (r *renderer) gives(key, ownKey string) {
	for from := range r.from {
		if rest, within := strings.CutPrefix(from, key); within && rest != "" && strings.ContainsAny(rest[:1], ".[") {
			delete(r.from, from)
		}
	}
	r.made(key, Source{Own: ownKey})
}

// spelt returns how a section spells a name, for types take any case.
func spelt(section map[string]any, name string) string {
	if _, same := section[name]; same {
		return name
	}
	for as := range section {
		if strings.EqualFold(as, name) {
			return as
		}
	}
	return name
}
