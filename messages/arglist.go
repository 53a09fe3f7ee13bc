package messages

// argList is arguments with unique keys, in order, that are looked up or collected one after the other. What is
// collected is shared with nobody yet; of two with one key the later gives the value and the earlier the place.
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
	if l.at != nil {
		l.at[key] = len(l.args) - 1
	}
}

// index returns where key stands, and whether it does.
func (l *argList) index(key string) (int, bool) {
	if l.at == nil && len(l.args) <= few {
		for i := range l.args {
			if l.args[i].Key == key {
				return i, true
			}
		}
		return 0, false
	}
	if l.at == nil {
		l.at = make(map[string]int, cap(l.args))
		for i, a := range l.args {
			l.at[a.Key] = i
		}
	}
	i, ok := l.at[key]
	return i, ok
}
