package probe

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unescape returns the bytes that a person has typed: \r, \n, \t, \x03 and \\ stand for one byte each.
func Unescape(typed string) ([]byte, error) {
	var b []byte
	for rest := typed; rest != ""; {
		c, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil {
			return nil, fmt.Errorf(`%q, want text in which a backslash begins \r, \n, \t, \\ or two digits such as \x03`, typed)
		}
		if rest = tail; multibyte {
			b = utf8.AppendRune(b, c)
		} else {
			b = append(b, byte(c))
		}
	}
	return b, nil
}

// plain matches texts that YAML takes for texts without quotes, also within braces.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./+-]*$`)

// YAML returns a text as it stands in a configuration.
func YAML(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return yamlQuoted(text)
	}
	if plain.MatchString(text) {
		return text
	}
	return yamlQuoted(text)
}

// yamlQuoted returns a text between double quotes, in the escapes that YAML has.
func yamlQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
