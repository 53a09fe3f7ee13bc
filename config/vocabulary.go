package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

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

// readYAML makes of a file what YAML's parser would, in less time. It does so only for what most files are made of: no
// anchors, no key twice, no key that is not text, and nothing wrong.
func (v vocabulary) readYAML(text []byte) (raw map[string]any, ok bool) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) != 1 {
		return nil, false
	}
	value, ok := v.read(document.Content[0])
	if !ok {
		return nil, false
	}
	raw, ok = value.(map[string]any)
	return raw, ok
}

func (v vocabulary) read(n *yaml.Node) (value any, ok bool) {
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.SequenceNode && tag == "!!seq":
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			if list[i], ok = v.read(item); !ok {
				return nil, false
			}
		}
		return list, true
	case n.Kind == yaml.MappingNode && tag == "!!map":
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			item, ok := v.read(n.Content[i+1])
			if !ok || key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
				return nil, false
			}
			m[v.word(key.Value).(string)] = item
		}
		return m, len(m) == len(n.Content)/2
	case n.Kind == yaml.ScalarNode && tag == "!!str":
		return v.word(n.Value), true
	case n.Kind == yaml.ScalarNode:
		err := n.Decode(&value)
		return value, err == nil
	}
	return nil, false
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
