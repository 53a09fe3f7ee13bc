package profile

import (
	"fmt"
	"maps"
	"slices"
)

// node is a value of a profile: a section, a list, a text with templates in it, or any other, which stays as it is.
type node struct {
	key      string // of the profile: points[2].id
	fields   map[string]*node
	items    []*node
	template *template
	value    any
	list     bool // items are it

	each *node // of an item of a list: it is there once for each item of that
}

// compiler makes nodes of values, and collects what is wrong with their templates.
type compiler struct {
	names  []string // that a template of the profile may use
	faults *faults
}

func (c compiler) node(key string, value any) *node {
	n := &node{key: key}
	switch value := value.(type) {
	case map[string]any:
		if id, ok := value["id"].(string); ok && slices.Contains(c.names, id) {
			c.faults.addf(key+".id", "%q is what a template has a value of the profile for as well, want another ID", id)
		}
		n.fields = make(map[string]*node, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			n.fields[name] = c.node(key+"."+name, value[name])
		}
	case []any:
		n.list = true
		for i, item := range value {
			n.items = append(n.items, c.item(fmt.Sprintf("%s[%d]", key, i), item))
		}
	case string:
		t, err := compile(value, c.names)
		if err != nil {
			c.faults.add(key, err)
		}
		if n.value = value; t != nil {
			n.template = t
		}
	default:
		n.value = value
	}
	return n
}

// item makes an item of a list, which may have each.
func (c compiler) item(key string, value any) *node {
	section, _ := value.(map[string]any)
	each, repeated := section["each"]
	if !repeated {
		return c.node(key, value)
	}
	rest := maps.Clone(section)
	delete(rest, "each")
	within := compiler{append([]string{"key", "value"}, c.names...), c.faults}
	n := within.node(key, rest)
	n.each = c.node(key+".each", each)
	if !n.each.list && n.each.fields == nil && n.each.template == nil {
		c.faults.addf(key+".each", "%v, want a list, or a section of names and values", each)
	}
	return n
}

// turn is one time that an item with each is there.
type turn struct{ key, value any }

// turns returns the times that an item is there, for what its each is.
func turns(each any, before func(a, b string) int) ([]turn, error) {
	var all []turn
	switch each := each.(type) {
	case []any:
		for _, item := range each {
			all = append(all, turn{item, item})
		}
	case map[string]any:
		for _, name := range slices.SortedFunc(maps.Keys(each), before) {
			all = append(all, turn{name, each[name]})
		}
	default:
		return nil, fmt.Errorf("%v, want a list, or a section of names and values", each)
	}
	return all, nil
}
