package config

import (
	"fmt"
	"strings"
)

// Document returns settings as one YAML document. What is empty is left out of the items of lists.
func Document(settings []Setting) string {
	var b strings.Builder
	var open []string // the sections that the line before stood in; an item of a list as name[0]
	for _, s := range settings {
		if strings.Contains(s.Key, "[") && (s.Value == "[]" || s.Value == `""`) {
			continue
		}
		path := strings.Split(s.Key, ".")
		sections := path[:len(path)-1]
		same := 0
		for same < len(sections) && same < len(open) && sections[same] == open[same] {
			same++
		}
		dash := false // the next line begins an item
		for depth := same; depth < len(sections); depth++ {
			name, index, isItem := strings.Cut(sections[depth], "[")
			if !isItem || index == "0]" {
				fmt.Fprintf(&b, "%s%s:\n", margin(depth, dash), name)
			}
			dash = isItem
		}
		open = sections
		fmt.Fprintf(&b, "%s%s: %s\n", margin(len(sections), dash), path[len(path)-1], s.Value)
	}
	return b.String()
}

// margin returns the indentation of a line at a depth.
func margin(depth int, item bool) string {
	if item {
		return strings.Repeat("  ", depth-1) + "- "
	}
	return strings.Repeat("  ", depth)
}
