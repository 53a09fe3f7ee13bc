package profile

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// places are where the values of a file stand, by their keys: points[2].id.
type places struct {
	path string
	at   map[string]*yaml.Node
}

// placesOf finds the places of all values of a document that is good YAML.
func placesOf(path string, text []byte) places {
	p := places{path, make(map[string]*yaml.Node)}
	var document yaml.Node
	if yaml.Unmarshal(text, &document) == nil && len(document.Content) > 0 {
		p.add("", document.Content[0])
	}
	return p
}

// add adds a value, with those within it. What an alias stands for has the place of the alias.
func (p places) add(key string, n *yaml.Node) {
	p.at[key] = n
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			p.add(key+"["+strconv.Itoa(i)+"]", item)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			p.add(strings.TrimPrefix(key+"."+n.Content[i].Value, "."), n.Content[i+1])
		}
	}
}

// of returns where the value with a key stands, or the nearest one around it; 0, 0 if there is none.
func (p places) of(key string) (line, column int) {
	for {
		if n, ok := p.at[key]; ok {
			return n.Line, n.Column
		}
		if key == "" {
			return 0, 0
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
}

// compare compares two keys by where their values stand.
func (p places) compare(a, b string) int {
	lineA, columnA := p.of(a)
	lineB, columnB := p.of(b)
	return cmp.Or(cmp.Compare(lineA, lineB), cmp.Compare(columnA, columnB))
}

// name returns the place of a value for people.
func (p places) name(key string) string {
	line, column := p.of(key)
	if line == 0 {
		return p.path
	}
	return fmt.Sprintf("%s: line %d, column %d", p.path, line, column)
}
