package messages

// argList collects arguments in order, and finds them by key. Keys are unique: if an argument has the key of an earlier
// one, its value replaces the earlier value. The collected slice is not shared yet.
type argList struct {
	args []Argument     // index in args by key; nil while a search is quicker
	at   map[string]int // where each key stands in args; nil while a search is quicker
}

// few is the number of arguments up to which they are searched one by one. Most messages have fewer. Searching a
// payload with 100,000 arguments for each of them would stop the mapper for half a minute.
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

// index returns the index of key in args, or false if there is no such argument.
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
