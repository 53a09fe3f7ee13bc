package probe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Leaf is a value in a JSON document.
type Leaf struct {
	Path  string // jq that leads to it
	Value string // as JSON
	kind  string // of an entity with it; "" is the default
}

// Leaves returns the values of a document of text.Parse that are no objects and no lists, in the order of their names.
func Leaves(document any) []Leaf { return leaves(nil, "", document) }

// word matches names that jq takes for such behind a dot.
var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func leaves(all []Leaf, path string, document any) []Leaf {
	switch v := document.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			step := "." + name
			if !word.MatchString(name) {
				step = cmp.Or(path, ".") + "[" + literal(name) + "]"
				all = leaves(all, step, v[name])
				continue
			}
			all = leaves(all, path+step, v[name])
		}
	case []any:
		for i, element := range v {
			all = leaves(all, fmt.Sprintf("%s[%d]", cmp.Or(path, "."), i), element)
		}
	default:
		leaf := Leaf{Path: cmp.Or(path, "."), Value: literal(v)}
		switch v.(type) {
		case bool:
			leaf.kind = "bool"
		case string:
			leaf.kind = "text"
		}
		all = append(all, leaf)
	}
	return all
}

// literal returns a value as JSON.
func literal(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// LeafRows shows leaves, with their paths in a column.
func LeafRows(all []Leaf) string {
	width := 0
	for _, leaf := range all {
		width = max(width, min(len(leaf.Path), 50))
	}
	var b strings.Builder
	for _, leaf := range all {
		fmt.Fprintf(&b, "%-*s  %s\n", width, leaf.Path, brief(leaf.Value))
	}
	return b.String()
}

// brief is a text of at most 60 characters, on one line.
func brief(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// pointsOf returns points for the configuration, each on a line.
func pointsOf(all []Leaf, indent string) string {
	var b strings.Builder
	ids := make(map[string]bool)
	shown := 0
	for _, leaf := range all {
		if leaf.Value == "null" {
			continue
		}
		if shown++; shown > mostPoints {
			fmt.Fprintf(&b, "%s# and more\n", indent)
			break
		}
		kind := ""
		if leaf.kind != "" {
			kind = ", kind: " + leaf.kind
		}
		fmt.Fprintf(&b, "%s- {id: %s, value: %s%s}   # %s\n", indent, newID(leaf.Path, ids), jqYAML(leaf.Path), kind, brief(leaf.Value))
	}
	return b.String()
}

// jqYAML returns a query as it stands in a configuration.
func jqYAML(query string) string {
	if regexp.MustCompile(`^[.A-Za-z0-9_]*$`).MatchString(query) && query != "." {
		return query
	}
	return "'" + strings.ReplaceAll(query, "'", "''") + "'"
}

// newID makes the id of an entity of a text, one that is not among ids yet, and adds it to them.
func newID(text string, ids map[string]bool) string {
	id := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(text), "_"), "_")
	if id == "" || id[0] < 'a' || id[0] > 'z' {
		id = strings.TrimSuffix("value_"+id, "_")
	}
	switch id {
	case "action", "response", "reason", "reply", "id": // arguments of answers have these names
		id += "_value"
	}
	for plain, n := id, 2; ids[id]; n++ {
		id = fmt.Sprintf("%s_%d", plain, n)
	}
	ids[id] = true
	return id
}
