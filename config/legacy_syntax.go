package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// oldFile is what one of the original's files says, section by section. The names of sections are as written, those
// of options in lower case.
type oldFile map[string]map[string]string

// inherit copies the options of [DEFAULT] into the given sections, where these do not have them. No other section is
// read.
func (f oldFile) inherit(sections ...string) {
	for _, section := range sections {
		if own, ok := f[section]; ok {
			all := maps.Clone(f[oldDefault])
			maps.Copy(all, own)
			f[section] = all
		}
	}
}

// originalParser reads one of the original's files into sections of options, all of which are text. The sections that the
// original knew have the options of [DEFAULT] as well.
type originalParser struct{ readOnly }

// Unmarshal returns an error that joins all faults, with their lines.
func (originalParser) Unmarshal(text []byte) (map[string]any, error) {
	old, err := parseOld(text)
	old.inherit(slices.Collect(maps.Keys(oldOptions))...)
	sections := map[string]any{}
	for section, values := range old {
		all := make(map[string]any, len(values))
		for option, value := range values {
			all[option] = value
		}
		sections[section] = all
	}
	return sections, err
}

// parseOld reads a file as Python's configparser does, with which the original read it, without interpolation:
//
//	# or ; first in a line    a comment; later in a line they are part of the value
//	[section]                 its name is taken as it is; twice is an error
//	option: value             or =, whichever comes first; in any case; twice in a section is an error
//	    indented deeper       continues the value on a new line, as does an empty line in between
//	"value"                   keeps its quotes, and \ has no meaning
func parseOld(text []byte) (oldFile, error) {
	p := oldParser{old: oldFile{oldDefault: {}}, seen: map[string]int{}}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text))
	for line := range strings.SplitSeq(lines, "\n") {
		p.number++
		p.line(line)
	}
	p.end()
	return p.old, errors.Join(p.faults...)
}

// oldDefault is the section whose options count in every other section, and the only section that may come twice.
const oldDefault = "DEFAULT"

// oldParser parses a file, and finds all faults with their lines.
type oldParser struct {
	old     oldFile
	number  int // of the line
	indent  int // of the line that began the option or section
	section string
	option  string         // to which value belongs; "" if there is none
	value   []string       // line by line
	empty   int            // empty lines, which belong to the value if another line of it follows
	seen    map[string]int // the lines of sections and options
	faults  []error
}

func (p *oldParser) faultf(format string, args ...any) {
	p.faults = append(p.faults, faultAt(p.number, 0, format, args...))
}

func (p *oldParser) line(line string) {
	content := strings.TrimSpace(line)
	blank := line[:len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace))]
	switch indent := utf8.RuneCountInString(blank); {
	case content == "":
		p.empty++
		return
	case content[0] == '#' || content[0] == ';':
		return
	case p.option != "" && indent > p.indent:
		p.value = append(append(p.value, make([]string, p.empty)...), content)
	default:
		p.end()
		p.indent = indent
		if end := strings.LastIndexByte(content, ']'); content[0] == '[' && end > 1 {
			p.begin(content[1:end])
		} else {
			p.assign(content)
		}
	}
	p.empty = 0
}

func (p *oldParser) begin(section string) {
	p.section = section
	if before, ok := p.seen[section]; ok && section != oldDefault {
		p.faultf("section [%s] is in line %d already", wording.Printable(section), before)
		return
	}
	p.seen[section] = p.number
	if p.old[section] == nil {
		p.old[section] = map[string]string{}
	}
}

func (p *oldParser) assign(content string) {
	at := strings.IndexAny(content, "=:")
	if p.section == "" {
		p.faultf("%q stands before the first [section]", beginning(content))
		return
	}
	if at < 1 {
		p.faultf("%q is no option: want name: value", beginning(content))
		return
	}
	option := strings.ToLower(strings.TrimSpace(content[:at]))
	place := p.section + "\n" + option
	if before, ok := p.seen[place]; ok {
		p.faultf("option %q is in line %d already", option, before)
	}
	p.seen[place] = p.number
	p.option, p.value = option, append(p.value[:0], strings.TrimSpace(content[at+1:]))
}

// end ends the option: no further line can belong to its value.
func (p *oldParser) end() {
	if p.option != "" {
		p.old[p.section][p.option] = strings.TrimRightFunc(strings.Join(p.value, "\n"), unicode.IsSpace)
	}
	p.option = ""
}

// beginning returns the first word of a line, without the rest, which may be a password.
func beginning(content string) string {
	word := strings.Fields(content)[0]
	if at := strings.IndexAny(word, "=:"); at > 0 {
		word = word[:at]
	}
	return word
}
