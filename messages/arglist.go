package messages

// argList collects the arguments of a message that nobody shares yet: in order, and of two with one key the later
// gives the value and the earlier the place.
type argList struct {
	args []Argument
	at   map[string]int // where a key stands; nil while looking at each is quicker
}

// few arguments are what messages really have. A payload may bring 100,000, though, and looking at each of them for
// each would stop the mapper for half a minute.
const few = 16

func (l *argList) set(key string, value Value) {
	value = value.compact()
	if i, ok := l.index(key); ok {
		l.args[i].Value = value
		return
	}
	l.args = append(l.args, Argument{key, value})
	switch {
	case l.at != nil:
		l.at[key] = len(l.args) - 1
	case len(l.args) > few:
		l.at = make(map[string]int, cap(l.args))
		for i, a := range l.args {
			l.at[a.Key] = i
		}
	}
}

func (l *argList) index(key string) (int, bool) {
	if l.at != nil {
		i, ok := l.at[key]
		return i, ok
	}
	for i := range l.args {
		if l.args[i].Key == key {
			return i, true
		}
	}
	return 0, false
}
