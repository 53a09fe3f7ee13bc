package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Render makes the parameters of a device of a type, one of p.Of, of what a user gives: own are those that stand below params: in the configuration, with or
// without profile, which is left out of the result. own stays as it is, and the result shares no memory with it that anybody writes.
// The error joins a fault for each option of the user's that is wrong as far as the profile can tell.
func (p *Profile) Render(typ string, own map[string]any) (map[string]any, error) {
	whole, ok := p.whole[typ]
	if !ok {
		return nil, &options.Fault{Key: "profile", Err: fmt.Errorf("%q is for devices of type %s", p.Name, strings.Join(p.Of, " or "))}
	}
	r := renderer{profile: p}
	return r.render(whole, own)
}

// Source is where a parameter comes from that Render has made: from the user, or from the profile.
type Source struct {
	Own   string // key of the user's option; "": the profile's
	Place string // file, line and column of the profile; "": the user's
	Key   string // what stands there in the profile
}

// Source returns where a parameter comes from that Render makes of own, such as points[3].class. What has no such key comes from
// whoever gives what is around it.
func (p *Profile) Source(typ string, own map[string]any, key string) Source {
	r := renderer{profile: p, from: make(map[string]Source)}
	_, _ = r.render(p.whole[typ], own) // as Render has
	rest := ""
	for {
		if s, ok := r.from[key]; ok {
			if s.Own != "" {
				return Source{Own: s.Own + rest}
			}
			return Source{Place: p.outline.Place(p.Path, s.Key), Key: s.Key + rest}
		}
		if key == "" {
			return Source{Own: strings.TrimPrefix(rest, ".")}
		}
		cut := max(strings.LastIndexAny(key, ".["), 0)
		key, rest = key[:cut], key[cut:]+rest
	}
}

// renderer makes the parameters of one device.
type renderer struct {
	profile *Profile
	from    map[string]Source // of what it has made, by key; nil: nobody wants to know
	faults  []error
}

func (r *renderer) fault(key string, err error) {
	r.faults = append(r.faults, &options.Fault{Key: key, Err: err})
}

// broken notes a fault of the profile with these parameters.
func (r *renderer) broken(n *node, err error) {
	p := r.profile
	r.fault("profile", &options.Fault{Place: p.outline.Place(p.Path, n.key), Key: n.key, Err: err})
}

func (r *renderer) made(key string, by Source) {
	if r.from != nil {
		r.from[key] = by
	}
}

func (r *renderer) render(whole *node, own map[string]any) (map[string]any, error) {
	declared, rest := make(map[string]any), make(map[string]any)
	var points any
	for name, value := range own {
		switch key, is := r.profile.declares(name); {
		case is:
			declared[name] = value
			r.made(key, Source{Own: name})
		case strings.EqualFold(name, "profile"):
		case strings.EqualFold(name, "points") && value != nil:
			points = value
		default:
			rest[name] = value
		}
	}
	values, err := r.profile.decode(declared)
	if err != nil {
		return nil, err
	}
	params := r.node(whole, "", values).(map[string]any)
	r.points(params, points)
	r.overlay(params, "", rest, "")
	return params, errors.Join(r.faults...)
}

// node makes a value, which gets a key in the result.
func (r *renderer) node(n *node, at string, values map[string]any) any {
	if n.key != "" {
		r.made(at, Source{Key: n.key})
	}
	switch {
	case n.fields != nil:
		section := make(map[string]any, len(n.fields))
		for _, name := range slices.Sorted(maps.Keys(n.fields)) {
			if value := r.node(n.fields[name], under(at, name), values); value != nil {
				section[name] = value
			}
		}
		return section
	case n.list:
		list := make([]any, 0, len(n.items))
		for _, item := range n.items {
			list = r.item(list, item, at, values)
		}
		return list
	case n.template == nil:
		return n.value
	}
	value, err := n.template.render(values)
	if err != nil {
		r.broken(n, err)
	}
	return value
}

// item adds an item to a list, or as many as its each has.
func (r *renderer) item(list []any, n *node, at string, values map[string]any) []any {
	if n.each == nil {
		return append(list, r.node(n, index(at, len(list)), values))
	}
	turns, err := turns(r.node(n.each, at, values), func(a, b string) int {
		return r.profile.outline.Compare(under(n.each.key, a), under(n.each.key, b))
	})
	if err != nil {
		r.broken(n.each, err)
	}
	for _, t := range turns {
		within := maps.Clone(values)
		within["key"], within["value"] = t.key, t.value
		list = append(list, r.node(n, index(at, len(list)), within))
	}
	return list
}

func under(key, name string) string { return strings.TrimPrefix(key+"."+name, ".") }

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
