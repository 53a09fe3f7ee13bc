package messages

// argList collects arguments in order, and looks them up by key. Keys are unique: of two arguments with one key, the value of the
// later takes the place of the earlier. The collected slice is shared with nobody yet.
type argList struct {
	args []Argument
	at   map[string]int // where each key stands in args; nil while a search is quicker
}

// few is up to how many arguments are searched one by one. Most messages have fewer; a payload with 100,000 arguments, searched
// for each of them, would stop the mapper for half a minute.
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

// index returns where key stands in args, and false if it does not.
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
