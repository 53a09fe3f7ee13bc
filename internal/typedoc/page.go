package typedoc

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// written stands at the top of each page, for whoever wants to change it.
const written = "<!-- The command \"docs\" writes this page: what it says stands in the Go code of the type. -->\n\n"

// Pages yields the name and the text of each page for a folder: an overview, and then the reference of each type and of each protocol
// of lines.
func Pages(types []devices.Type, protocols []*lines.Protocol) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		if !yield("README.md", Index(types, protocols)) {
			return
		}
		for _, p := range protocols {
			if !yield(linePage(p.Name), LinePage(p)) {
				return
			}
		}
		for _, typ := range types {
			if !yield(typ.Name+".md", Page(typ)) {
				return
			}
		}
	}
}

// Page returns the reference of a type of device as Markdown: what the type is, its examples, and tables of its options.
func Page(typ devices.Type) string {
	var b strings.Builder
	title, rest, _ := strings.Cut(typ.Doc, "\n")
	fmt.Fprintf(&b, "%s# %s\n", written, typ.Name)
	if title != "" {
		fmt.Fprintf(&b, "\nA device of type `%s` is %s.\n", typ.Name, title)
	}
	if rest = strings.Trim(rest, "\n"); rest != "" {
		fmt.Fprintf(&b, "\n%s\n", rest)
	}
	if isPart(typ.Example) {
		fmt.Fprintf(&b, "\n## Example\n\n```yaml\n%s```\n", Text(typ))
	} else {
		writeExamples(&b, typ.Example)
	}
	switch {
	case typ.Check == nil:
		b.WriteString("\n## Options\n\nThe type reads what stands below `params:` itself.\n")
	case len(typ.Params) == 0:
		b.WriteString("\n## Options\n\nThere are none.\n")
	default:
		b.WriteString("\n## Options\n\nThese options stand below `params:`. What every device has besides, such as `address:`, is in the [overview](README.md).\n")
		writeOptions(&b, typ.Params)
	}
	return b.String()
}

// linePage returns the name of the page of a protocol, which may be called as a type is.
func linePage(protocol string) string { return "line-" + protocol + ".md" }

// LinePage returns the reference of the lines of a protocol as Markdown.
func LinePage(p *lines.Protocol) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# Lines of %s\n", written, p.Name)
	if p.Doc != "" {
		fmt.Fprintf(&b, "\nA line of the protocol `%s` is for %s.\n", p.Name, p.Doc)
	}
	b.WriteString("\n## Options\n\nThese options stand beside `name:` and `protocol:` of an item of `lines:`, or, for a line that a device has for itself, " +
		"beside `protocol:` below its option `line:`.\n")
	writeOptions(&b, p.Fields)
	return b.String()
}

// Index returns the overview of the pages as Markdown, with the options that every device has.
func Index(types []devices.Type, protocols []*lines.Protocol) string {
	var b strings.Builder
	b.WriteString(written + "# Types of device\n\n| type | a device of it is |\n|---|---|\n")
	for _, typ := range types {
		title, _, _ := strings.Cut(typ.Doc, "\n")
		fmt.Fprintf(&b, "| [`%s`](%[1]s.md) | %s |\n", typ.Name, cell(title))
	}
	b.WriteString("\nThe command `devices TYPE` shows the same on a terminal, and `check` finds what is wrong with a configuration.\n")
	if len(protocols) > 0 {
		b.WriteString("\n## Lines\n\nA line is a medium that several devices share, such as a serial line with several slaves. The section `lines:` lists them, " +
			"and the option `line:` of a device names one of them.\n\n| protocol | its lines are for |\n|---|---|\n")
		for _, p := range protocols {
			fmt.Fprintf(&b, "| [`%s`](%s) | %s |\n", p.Name, linePage(p.Name), cell(p.Doc))
		}
	}
	b.WriteString("\n## Options of every device\n\nThese options stand beside `params:`, which holds those of the type.\n")
	writeOptions(&b, options.Tree(config.Device{}))
	return b.String()
}

// writeExamples writes each device of an example as a block of its own, behind the comment above it.
func writeExamples(b *strings.Builder, example string) {
	blocks := blocksOf(example)
	switch len(blocks) {
	case 0:
		return
	case 1:
		b.WriteString("\n## Example\n")
	default:
		b.WriteString("\n## Examples\n")
	}
	for _, block := range blocks {
		if block.caption != "" {
			fmt.Fprintf(b, "\n%s\n", block.caption)
		}
		fmt.Fprintf(b, "\n```yaml\ndevices:\n  %s\n```\n", strings.ReplaceAll(block.yaml, "\n", "\n  "))
	}
}

// block is one device of an example.
type block struct{ caption, yaml string }

// blocksOf splits an example before each device, with the comment above the device as its caption.
func blocksOf(example string) (blocks []block) {
	var caption, yaml []string
	end := func() {
		if len(yaml) > 0 {
			blocks = append(blocks, block{strings.Join(caption, "\n"), strings.Join(yaml, "\n")})
			caption, yaml = nil, nil
		}
	}
	for line := range strings.SplitSeq(example, "\n") {
		comment, isComment := strings.CutPrefix(line, "#")
		switch {
		case isComment:
			end()
			caption = append(caption, strings.TrimSpace(comment))
		case strings.HasPrefix(line, "- "):
			end()
			fallthrough
		case line != "":
			yaml = append(yaml, line)
		}
	}
	end()
	return blocks
}

// writeOptions writes a table for each section of the options, in the order of their first appearance.
func writeOptions(b *strings.Builder, fields []options.Field) {
	var sections []string
	of := map[string][]options.Field{}
	docs := map[string]string{}
	for _, f := range fields {
		at := sectionOf(f.Key)
		if of[at] == nil {
			sections = append(sections, at)
		}
		of[at] = append(of[at], f)
		docs[f.Key] = f.Doc
	}
	for _, at := range sections {
		if at != "" {
			fmt.Fprintf(b, "\n### `%s`\n", at)
			if doc := docs[strings.TrimRight(at, "[]*.")]; doc != "" {
				fmt.Fprintf(b, "\n%s\n", sentence(doc))
			}
		}
		own, common := cutPoint(of[at])
		writeTable(b, own, of)
		if len(common) > 0 {
			b.WriteString("\nEvery point has these options as well:\n")
			writeTable(b, common, of)
		}
	}
}

// pointKeys are the options of every point, without those in their sections.
var pointKeys = func() (keys []string) {
	for _, f := range options.Tree(point.Params{}) {
		if !strings.Contains(f.Key, ".") {
			keys = append(keys, f.Key)
		}
	}
	return keys
}()

// cutPoint returns what the fields of a section have beside those of every point, and those, if it has all of them.
func cutPoint(fields []options.Field) (own, common []options.Field) {
	isKey := func(f options.Field, key string) bool { return lastOf(f.Key) == key }
	for at := 0; at+len(pointKeys) <= len(fields); at++ {
		end := at + len(pointKeys)
		if common = fields[at:end]; len(fields) > len(common) && slices.EqualFunc(common, pointKeys, isKey) {
			return slices.Concat(fields[:at], fields[end:]), common
		}
	}
	return fields, nil
}

func writeTable(b *strings.Builder, fields []options.Field, sections map[string][]options.Field) {
	b.WriteString("\n| option | value | default | meaning |\n|---|---|---|---|\n")
	for _, f := range fields {
		value, below := valueOf(f), ""
		if f.Key == "line" && f.Type == "map" {
			value = "[line](README.md#lines)"
		}
		for _, at := range []string{f.Key, f.Key + "[]", f.Key + ".*"} {
			if sections[at] != nil {
				below = at
			}
		}
		if below != "" {
			value = fmt.Sprintf("[%s](#%s)", value, slug(below))
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", lastOf(f.Key), value, presetOf(f), meaningOf(f))
	}
}

// valueOf says what the value of an option may be.
func valueOf(f options.Field) string {
	if words := f.Bounds.Words(); len(words) > 0 {
		return "`" + strings.Join(words, "`, `") + "`"
	}
	kind := f.Type
	for _, word := range []struct{ program, people string }{
		{"list of ints", "list of whole numbers"}, {"list of strings", "list of texts"}, {"int", "whole number"},
		{"string", "text"}, {"bool", "true or false"}, {"map", "section"},
	} {
		if kind == word.program {
			kind = word.people
			break
		}
	}
	if bounds := f.Bounds.String(); bounds != "" {
		return kind + ", " + cell(bounds)
	}
	return kind
}

func presetOf(f options.Field) string {
	switch {
	case f.Required:
		return "required"
	case f.Default == "":
		return ""
	}
	return "`" + strings.ReplaceAll(f.Default, "|", `\|`) + "`"
}

func meaningOf(f options.Field) string {
	meaning := cell(f.Doc)
	if f.Secret {
		meaning = join(meaning, "a secret, which logs and prints don't show")
	}
	if f.Example != "" {
		meaning = join(meaning, "such as `"+strings.ReplaceAll(f.Example, "|", `\|`)+"`")
	}
	return meaning
}

func join(text, more string) string {
	if text == "" {
		return more
	}
	return text + "; " + more
}

// sectionOf returns the key of the section or the item that an option stands in: "points[]" of "points[].id".
func sectionOf(key string) string { return key[:max(strings.LastIndexByte(key, '.'), 0)] }

func lastOf(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// cell returns text as it has to be written within a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "\n", " ").Replace(text)
}

// sentence returns a text with a capital at its beginning and a sign at its end.
func sentence(text string) string {
	if !strings.HasSuffix(text, "?") {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// slug returns the anchor that GitHub makes of a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune("`[]*.():,", r):
			return -1
		}
		return r
	}, strings.ToLower(heading))
}
