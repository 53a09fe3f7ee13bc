package config

import "strings"

// vocabulary keeps one of each word. Parsers make every one anew, keys too, and beside what is thrown away, which is most of
// a file of many devices: what is left of it would hold on to several times its own memory.
type vocabulary map[string]any

// share puts ours in the place of every word below value, which it changes, and returns it.
func (v vocabulary) share(value any) any {
	switch value := value.(type) {
	case string:
		return v.word(value)
	case []any:
		for i, item := range value {
			value[i] = v.share(item)
		}
	case map[string]any:
		for key, item := range value {
			value[v.word(key).(string)] = v.share(item) // the map takes over the key as well
		}
	}
	return value
}

func (v vocabulary) word(s string) any {
	word, ok := v[s]
	if !ok {
		s = strings.Clone(s)
		word = s
		v[s] = word
	}
	return word
}
