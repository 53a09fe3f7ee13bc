package messages

// Equal tells whether v and w are the same value to JSON: texts by what they say, numbers by their exact size
// however they are written (1e2 is 100.0), lists in order, objects in any order and, of repeated keys, by the last.
func (v Value) Equal(w Value) bool {
	if v.Raw() == w.Raw() {
		return true
	}
	kind := v.Kind()
	if kind != w.Kind() {
		return false
	}
	switch kind {
	case Text:
		return unquote(v.raw) == unquote(w.raw)
	case Number:
		return decimalOf(v.raw).equal(decimalOf(w.raw))
	case List:
		return equalLists(v, w)
	case Object:
		return equalObjects(v, w)
	}
	return false // true is not false
}

func equalLists(v, w Value) bool {
	var a, b []Value
	for e := range v.Elements() {
		a = append(a, e)
	}
	for e := range w.Elements() {
		b = append(b, e)
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func equalObjects(v, w Value) bool {
	a, b := make(map[string]Value), make(map[string]Value)
	for key, e := range v.Members() {
		a[key] = e
	}
	for key, e := range w.Members() {
		b[key] = e
	}
	if len(a) != len(b) {
		return false
	}
	for key, e := range a {
		if f, ok := b[key]; !ok || !e.Equal(f) {
			return false
		}
	}
	return true
}
