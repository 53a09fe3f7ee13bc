package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Example is a YAML file with every option, its meaning and its default. It loads to Default.
func Example() string {
	var b strings.Builder
	for i, section := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if i > 0 {
			b.WriteByte('\n')
		}
		comment(&b, "", section.Tag.Get("doc"))
		key := section.Tag.Get("koanf")
		if key == "devices" {
			writeDevice(&b)
			b.WriteString("devices: []\n")
			continue
		}
		fmt.Fprintf(&b, "%s:\n", key)
		writeFields(&b, "  ", options.Fields(section.Type))
	}
	return b.String()
}

// writeDevice shows one device in comments: the examples' own values, not defaults, for there is no device by default.
func writeDevice(b *strings.Builder) {
	var d strings.Builder
	writeFields(&d, "    ", options.Fields(Device{}))
	b.WriteString("#\n# devices:\n")
	lines := strings.Split(strings.TrimRight(d.String(), "\n"), "\n")
	for _, line := range lines {
		line = strings.Replace(line, "    name:", "  - name:", 1)
		b.WriteString("# " + line + "\n")
	}
}

// writeFields writes each option below its meaning, and each section once, before its first option.
func writeFields(b *strings.Builder, indent string, fields []options.Field) {
	var open []string // the sections that the line before stood in
	for _, f := range fields {
		path := strings.Split(f.Key, ".")
		sections, key := path[:len(path)-1], path[len(path)-1]
		for depth, section := range sections {
			if depth < len(open) && open[depth] == section {
				continue
			}
			open = open[:min(depth, len(open))]
			fmt.Fprintf(b, "%s%s:\n", indent+strings.Repeat("  ", depth), section)
			open = append(open, section)
		}
		open = open[:len(sections)]
		at := indent + strings.Repeat("  ", len(sections))
		doc := f.Doc
		if bounds := f.Bounds.String(); bounds != "" {
			doc += "; " + bounds
		}
		if f.Example != "" && exampleValue(f) != f.Example {
			doc += "; such as " + f.Example
		}
		comment(b, at, doc)
		fmt.Fprintf(b, "%s%s: %s\n", at, key, exampleValue(f))
	}
}

// exampleValue is the default, or an example where there can be none.
func exampleValue(f options.Field) string {
	switch {
	case f.Required, f.Type == "map":
		return f.Example
	case strings.HasPrefix(f.Type, "list"):
		return "[" + f.Default + "]"
	case f.Type == "int" || f.Type == "bool":
		return f.Default
	}
	return inline(f.Default)
}

// comment breaks long texts.
func comment(b *strings.Builder, indent, doc string) {
	const width = 110
	line := indent + "#"
	for word := range strings.FieldsSeq(doc) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	if doc != "" {
		b.WriteString(line + "\n")
	}
}
