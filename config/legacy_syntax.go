package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/ini.v1"
)

// oldFile is what one of the original's files says, section by section. The names of sections are as written, those
// of options in lower case. What stands under [DEFAULT] is in every section that does not say otherwise.
type oldFile map[string]map[string]string

// parseOld reads a file as Python's configparser does, with which the original read it, without interpolation:
//
//	# or ; first in a line    a comment; later in a line they are part of the value
//	[section]                 its name is taken as it is; twice is an error
//	option: value             or =, whichever comes first; in any case; twice in a section is an error
//	    indented deeper       continues the value on a new line, as does an empty line in between
//	"value"                   keeps its quotes, and \ has no meaning
//
// ini.v1 does the reading, of what unfold makes of the file: its own options for comments, quotes and the rest come
// near to this, and no nearer.
func parseOld(text []byte) (oldFile, error) {
	plain, err := unfold(text)
	if err != nil {
		return nil, err
	}
	parsed, err := ini.LoadSources(ini.LoadOptions{
		AllowPythonMultilineValues: true,
		ReaderBufferSize:           len(plain) + 1, // a value that does not fit would be cut
	}, []byte(plain))
	if err != nil {
		return nil, errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	old := oldFile{}
	defaults := parsed.Section(ini.DefaultSection)
	for _, section := range parsed.Sections() {
		values := map[string]string{}
		for _, source := range []*ini.Section{defaults, section} {
			for _, key := range source.Keys() {
				values[strings.TrimPrefix(key.Name(), mark)] = joinLines(key.Value())
			}
		}
		old[section.Name()] = values
	}
	return old, nil
}

// mark begins every option that ini.v1 sees, so that it takes none for a quoted or a numbered one.
const mark = "."

// joinLines takes the indentation off the lines of a value, and drops the first, which unfold left empty.
func joinLines(value string) string {
	lines := strings.Split(value, "\n")[1:]
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimRightFunc(strings.Join(lines, "\n"), unicode.IsSpace)
}

// unfold rewrites a file so that ini.v1 cannot misread it: without comments, for it would keep those inside a value;
// with every value on indented lines of its own, below its option, for there it gives no meaning to quotes and
// backticks; and with nothing else indented, for it does not look how deep. It finds the faults too, all of them and
// with their lines.
func unfold(text []byte) (string, error) {
	if !utf8.Valid(text) {
		return "", errors.New("the file is no UTF-8")
	}
	u := unfolder{seen: map[string]int{}}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	for line := range strings.SplitSeq(lines, "\n") {
		u.number++
		u.line(line)
	}
	return u.out.String(), errors.Join(u.faults...)
}

type unfolder struct {
	out     strings.Builder
	number  int // of the line
	indent  int // of the line that began the option or section
	section string
	option  string         // that the value before belongs to; "" if none
	empty   int            // lines that may turn out to be in the middle of a value
	seen    map[string]int // sections and options: where
	faults  []error
}

func (u *unfolder) faultf(format string, args ...any) {
	u.faults = append(u.faults, fmt.Errorf("line %d: %s", u.number, fmt.Sprintf(format, args...)))
}

func (u *unfolder) line(line string) {
	content := strings.TrimSpace(line)
	blank := line[:len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace))]
	switch indent := utf8.RuneCountInString(blank); {
	case content == "":
		u.empty++
		return
	case content[0] == '#' || content[0] == ';':
		return
	case u.option != "" && indent > u.indent:
		u.out.WriteString(strings.Repeat("\t\n", u.empty) + "\t" + content + "\n")
	default:
		u.indent, u.option = indent, ""
		if end := strings.LastIndexByte(content, ']'); content[0] == '[' && end > 1 {
			u.begin(content[1:end])
		} else {
			u.assign(content)
		}
	}
	u.empty = 0
}

func (u *unfolder) begin(section string) {
	u.section = section
	if before, ok := u.seen[section]; ok && section != ini.DefaultSection {
		u.faultf("section [%s] is in line %d already", section, before)
		return
	}
	u.seen[section] = u.number
	u.out.WriteString("[" + section + "]\n")
}

func (u *unfolder) assign(content string) {
	at := strings.IndexAny(content, "=:")
	if u.section == "" {
		u.faultf("%q stands before the first [section]", beginning(content))
		return
	}
	if at < 1 {
		u.faultf("%q is no option: want name: value", beginning(content))
		return
	}
	option := strings.ToLower(strings.TrimSpace(content[:at]))
	place := u.section + "\n" + option
	if before, ok := u.seen[place]; ok {
		u.faultf("option %q is in line %d already", option, before)
	}
	u.seen[place] = u.number
	u.option = option
	u.out.WriteString(mark + option + "=\n\t" + strings.TrimSpace(content[at+1:]) + "\n")
}

// beginning is the first word of a line: what follows may be a password.
func beginning(content string) string {
	word := strings.Fields(content)[0]
	if at := strings.IndexAny(word, "=:"); at > 0 {
		word = word[:at]
	}
	return word
}
