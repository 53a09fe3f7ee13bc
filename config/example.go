package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Example returns a YAML file with every option, its meaning, its default, and its value in c. The file loads to c.
func Example(c *Config) string {
	var b strings.Builder
	chosen := unusual(c, Default())
	for i, section := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if i > 0 {
			b.WriteByte('\n')
		}
		comment(&b, "", section.Tag.Get("doc"))
		key := section.Tag.Get("koanf")
		switch key {
		case "lines":
			writeLines(&b, c.Lines)
			continue
		case "devices":
			writeDevices(&b, c.Devices)
			continue
		}
		fmt.Fprintf(&b, "%s:\n", key)
		writeFields(&b, "  ", options.Fields(section.Type), func(f options.Field) any { return chosen[key+"."+f.Key] })
	}
	return b.String()
}

// ParseDevices reads a list of devices as it stands below devices: in a file, in YAML. The error joins all faults.
func ParseDevices(text string) ([]Device, error) {
	c, err := ParseLists("devices:\n" + indented("  ", text))
	return c.Devices, err
}

// ParseLists reads lines and devices as they stand in a file, in YAML: a part of a configuration. The error joins all faults.
func ParseLists(text string) (Config, error) {
	l := newLoader(Sources{})
	l.load(plainText(text), yamlParser{words: vocabulary{}}, l.respell)
	l.decode()
	l.validateLines()
	l.validateDevices()
	return l.Config, errors.Join(l.faults...)
}

// writeLines writes the lines or, if there are none, one in comments.
func writeLines(b *strings.Builder, list []Line) {
	if len(list) == 0 {
		comment(b, "", "name is what devices call the line in their option line; the other options are those of its protocol, as the command \"devices\" lists them:")
		b.WriteString("#\n# lines:\n#   - {name: cellar, protocol: modbus-rtu, port: /dev/ttyUSB0, baud: 9600}\nlines: []\n")
		return
	}
	b.WriteString("lines:\n" + indented("  ", string(encode(lineNodes(list, true)))))
}

// writeDevices writes the devices or, if there are none, one in comments, with the values of the examples: there is no device by
// default.
func writeDevices(b *strings.Builder, list []Device) {
	if len(list) == 0 {
		b.WriteString("#\n# devices:\n" + indented("# ", deviceItem(func(options.Field) any { return nil })) + "devices: []\n")
		return
	}
	b.WriteString("devices:\n")
	for _, d := range list {
		chosen := unusual(d, DefaultDevice())
		if len(d.Params) == 0 {
			chosen["params"] = map[string]any{}
		}
		b.WriteString(deviceItem(func(f options.Field) any { return chosen[f.Key] }))
	}
}

// unusual returns the options of a struct, by key, whose values differ from those of usual, a struct of the same type.
func unusual(of, usual any) map[string]any {
	before, chosen := values(usual), map[string]any{}
	for key, value := range values(of) {
		if !reflect.DeepEqual(value, before[key]) {
			chosen[key] = value
		}
	}
	return chosen
}

// deviceItem writes a device as an item of a list.
func deviceItem(value func(options.Field) any) string {
	var b strings.Builder
	writeFields(&b, "    ", options.Fields(Device{}), value)
	return strings.Replace(b.String(), "    name:", "  - name:", 1)
}

func indented(by, text string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}

// writeFields writes each option below its meaning, and each section before its first option. An option whose value is nil is
// written with its default, or with its example if it can have no default.
func writeFields(b *strings.Builder, indent string, fields []options.Field, value func(options.Field) any) {
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
		written, doc := usualValue(f), f.Doc
		chosen := value(f)
		if chosen != nil {
			written = inline(chosen)
		}
		if bounds := f.Bounds.String(); bounds != "" {
			doc += "; " + bounds
		}
		if f.Example != "" && written != f.Example {
			doc += "; such as " + f.Example
		}
		if chosen != nil && !f.Required && f.Type != "map" {
			doc += "; the default is " + usualValue(f)
		}
		comment(b, at, doc)
		fmt.Fprintf(b, "%s%s: %s\n", at, key, written)
	}
}

// usualValue returns the default of an option, or its example if it can have no default.
func usualValue(f options.Field) string {
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

// comment writes a comment, and breaks it into lines.
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
