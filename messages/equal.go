package messages

import (
	"maps"
	"slices"
)

// Equal reports whether v and w are the same value in JSON. Texts are compared without their escapes, numbers by their
// exact value (1e2 equals 100.0), lists in order, and objects in any order. Of a repeated key the last value counts.
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

// tree is a Value with its elements or members. Elements and Members would read nested values once for each level.
type tree struct {
	Value
	list    []tree
	members map[string]tree
}

// treeOf returns the value that begins at s[i], and the offset behind it. s is known to be valid.
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
