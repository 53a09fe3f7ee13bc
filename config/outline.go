package config

import (
	"encoding/json"

	"github.com/pelletier/go-toml/v2/unstable"
	"go.yaml.in/yaml/v3"
)

var (
	_ outline = yamlParser{}
	_ outline = tomlParser{}
	_ outline = jsonParser{}
)

func (yamlParser) outline(text []byte) (*placed, error) {
	document, err := onlyDocument(text)
	if err != nil || document == nil {
		return nil, err
	}
	return yamlOutline(document, map[*yaml.Node]*placed{}), nil
}

// yamlOutline returns the outline of a YAML node. What aliases stand for is in known, and belongs to all of them.
func yamlOutline(n *yaml.Node, known map[*yaml.Node]*placed) *placed {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if of := known[n]; of != nil {
		return of
	}
	of := &placed{spot: spot{n.Line, n.Column}}
	known[n] = of
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			of.items = append(of.items, yamlOutline(item, known))
		}
	case yaml.MappingNode:
		of.below = make(map[string]*placed, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], yamlOutline(n.Content[i+1], known)
			if key.ShortTag() == "!!merge" {
				of.merge(value)
				continue
			}
			own := *value // an alias has other keys elsewhere
			own.spot = spot{key.Line, key.Column}
			of.below[key.Value] = &own
		}
	}
	return of
}

// merge adds what a merge key brings. The section's own options win wherever they stand.
func (n *placed) merge(from *placed) {
	for _, item := range from.items {
		n.merge(item)
	}
	for key, below := range from.below {
		if n.below[key] == nil {
			n.below[key] = below
		}
	}
}

func (p jsonParser) outline(text []byte) (*placed, error) {
	if err := json.Unmarshal(text, new(json.RawMessage)); err != nil {
		return nil, err
	}
	r := newJSONReader(text, p.words)
	return r.outline(), nil
}

// outline goes through the next value.
func (r *jsonReader) outline() *placed {
	n := &placed{spot: r.place(r.next())}
	token, _ := r.in.Token() // no error: the text is known to be JSON
	switch token {
	case json.Delim('{'):
		n.below = map[string]*placed{}
		for r.in.More() {
			at := r.place(r.next())
			token, _ := r.in.Token()
			key, _ := token.(string)
			below := r.outline()
			below.spot = at
			n.below[key] = below
		}
		_, _ = r.in.Token()
	case json.Delim('['):
		for r.in.More() {
			n.items = append(n.items, r.outline())
		}
		_, _ = r.in.Token()
	}
	return n
}

// outline goes through the expressions of a TOML file: [tables], [[tables of a list]], and keys with their values.
func (tomlParser) outline(text []byte) (*placed, error) {
	var p unstable.Parser
	p.Reset(text)
	root := &placed{spot: spot{1, 1}}
	table := root
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = tomlKey(&p, root, e)
		case unstable.ArrayTable:
			list := tomlKey(&p, root, e)
			table = &placed{spot: tomlPlace(&p, e.Child())}
			list.items = append(list.items, table)
		case unstable.KeyValue:
			tomlValue(&p, tomlKey(&p, table, e), e.Value())
		}
	}
	return root, p.Error()
}

// tomlKey returns the node below at that an expression names by a key, of several parts perhaps. Within a list it is the latest item.
func tomlKey(p *unstable.Parser, at *placed, e *unstable.Node) *placed {
	for keys := e.Key(); keys.Next(); {
		if len(at.items) > 0 {
			at = at.items[len(at.items)-1]
		}
		key := string(keys.Node().Data)
		if at.below == nil {
			at.below = map[string]*placed{}
		}
		if at.below[key] == nil {
			at.below[key] = &placed{spot: tomlPlace(p, keys.Node())}
		}
		at = at.below[key]
	}
	return at
}

// tomlPlace returns where a part of a key begins.
func tomlPlace(p *unstable.Parser, key *unstable.Node) spot {
	start := p.Shape(key.Raw).Start
	return spot{start.Line, start.Column}
}

// tomlValue goes down into a value. An item of a list stands where the list does, as far as its parser knows.
func tomlValue(p *unstable.Parser, n *placed, value *unstable.Node) {
	for children := value.Children(); children.Next(); {
		switch child := children.Node(); value.Kind {
		case unstable.InlineTable:
			tomlValue(p, tomlKey(p, n, child), child.Value())
		case unstable.Array:
			item := &placed{spot: n.spot}
			tomlValue(p, item, child)
			n.items = append(n.items, item)
		}
	}
}
