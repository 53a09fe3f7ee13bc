package config

import "strings"

// vocabulary holds one copy of each word. Parsers allocate each word anew, keys as well, between nodes that are thrown away. The
// words that stay would keep several times their own memory from being given back.
type vocabulary map[string]any

// share replaces every word in value, which it changes, by the vocabulary's copy, and returns value.
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
			value[v.word(key).(string)] = v.share(item) // the key is replaced as well
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
