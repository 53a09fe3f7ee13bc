package messages

import (
	"maps"
	"slices"
)

// Equal tells whether v and w are the same value to JSON: texts by what they say, numbers by their exact size
// however they are written (1e2 is 100.0), lists in order, objects in any order and, of repeated keys, by the last.
func (v Value) Equal(w Value) bool {
	if v.Raw() == w.Raw() {
		return true
	}
	if v.Kind() != w.Kind() {
		return false
	}
	a, _ := treeOf(v.Raw(), 0)
	b, _ := treeOf(w.Raw(), 0)
	return a.equal(b)
}

// tree is a value taken apart. Elements and Members would read what nests deep once for each level.
type tree struct {
	Value
	list    []tree
	members map[string]tree
}

// treeOf returns the value that begins at s[i], in a text known to be valid, and the offset behind it.
func treeOf(s string, i int) (t tree, end int) {
	begin := i
	switch s[i] {
	case '[':
		for i = skipSpace(s, i+1); s[i] != ']'; i = skipComma(s, i) {
			var e tree
			e, i = treeOf(s, i)
			t.list = append(t.list, e)
		}
		i++
	case '{':
		t.members = make(map[string]tree)
		for i = skipSpace(s, i+1); s[i] != '}'; i = skipComma(s, i) {
			end, _ := skipString(s, i)
			key := unquote(s[i:end])
			t.members[key], i = treeOf(s, skipSpace(s, skipSpace(s, end)+1)) // over the colon
		}
		i++
	default:
		i, _ = skipValue(s, i, 0)
	}
	t.Value = Value{s[begin:i]}
	return t, i
}

func (t tree) equal(u tree) bool {
	kind := t.Kind()
	if kind != u.Kind() {
		return false
	}
	switch kind {
	case Text:
		return unquote(t.raw) == unquote(u.raw)
	case Number:
		return decimalOf(t.raw) == decimalOf(u.raw)
	case List:
		return slices.EqualFunc(t.list, u.list, tree.equal)
	case Object:
		return maps.EqualFunc(t.members, u.members, tree.equal)
	}
	return t.raw == u.raw
}
