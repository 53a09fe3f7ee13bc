package messages

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep lists and objects may be nested: a payload of brackets must not exhaust the stack.
const maxDepth = 1000

// SyntaxError is a place where a text is not JSON.
type SyntaxError struct {
	Offset int    // in bytes, from 0
	Found  string // what stands there
}

// Error returns what was found, and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not JSON: %s at byte %d", e.Found, e.Offset)
}

// The scanner below follows RFC 8259 strictly, in one pass and without allocations. A skip function gets the offset at
// which its part begins, and returns the offset behind the part.

// skipSpace passes the white space of section 2.
func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// skipComma passes a comma with the white space around it, in a text known to be valid.
func skipComma(s string, i int) int {
	i = skipSpace(s, i)
	if s[i] == ',' {
		i = skipSpace(s, i+1)
	}
	return i
}

// skipValue passes the value that begins at s[i]; depth is the number of lists and objects around it.
func skipValue(s string, i, depth int) (int, error) {
	if i >= len(s) {
		return i, &SyntaxError{i, "the end"}
	}
	switch c := s[i]; {
	case c == '"':
		return skipString(s, i)
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return i, &SyntaxError{i, fmt.Sprintf("a nesting deeper than %d levels", maxDepth)}
		}
		if c == '{' {
			return skipObject(s, i, depth+1)
		}
		return skipList(s, i, depth+1)
	case c == '-' || isDigit(c):
		return skipNumber(s, i)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s[i:], word) {
			return i + len(word), nil
		}
	}
	return i, unexpected(s, i)
}

// skipObject passes an object (section 4), from its brace.
func skipObject(s string, i, depth int) (int, error) {
	if i = skipSpace(s, i+1); i < len(s) && s[i] == '}' {
		return i + 1, nil
	}
	for ; ; i = skipSpace(s, i+1) {
		if i >= len(s) || s[i] != '"' {
			return i, unexpected(s, i)
		}
		end, err := skipString(s, i)
		if err != nil {
			return end, err
		}
		if i = skipSpace(s, end); i >= len(s) || s[i] != ':' {
			return i, unexpected(s, i)
		}
		if end, err = skipValue(s, skipSpace(s, i+1), depth); err != nil {
			return end, err
		}
		if i = skipSpace(s, end); i < len(s) && s[i] == '}' {
			return i + 1, nil
		}
		if i >= len(s) || s[i] != ',' {
			return i, unexpected(s, i)
		}
	}
}

// skipList passes a list (section 5), from its bracket.
func skipList(s string, i, depth int) (int, error) {
	if i = skipSpace(s, i+1); i < len(s) && s[i] == ']' {
		return i + 1, nil
	}
	for ; ; i = skipSpace(s, i+1) {
		end, err := skipValue(s, i, depth)
		if err != nil {
			return end, err
		}
		if i = skipSpace(s, end); i < len(s) && s[i] == ']' {
			return i + 1, nil
		}
		if i >= len(s) || s[i] != ',' {
			return i, unexpected(s, i)
		}
	}
}

// skipNumber passes a number (section 6).
func skipNumber(s string, i int) (int, error) {
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if j := skipDigits(s, i); j > i {
		i = j
	} else {
		return i, unexpected(s, i)
	}
	if i < len(s) && s[i] == '.' {
		j := skipDigits(s, i+1)
		if j == i+1 {
			return j, unexpected(s, j)
		}
		i = j
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		j := skipDigits(s, i)
		if j == i {
			return j, unexpected(s, j)
		}
		i = j
	}
	return i, nil
}

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// skipString passes a string (section 7), from its quotation mark. The caller has checked that s is UTF-8.
func skipString(s string, i int) (int, error) {
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, unexpected(s, i)
		case c == '\\':
			if i++; i >= len(s) {
				return i, unexpected(s, i)
			}
			switch s[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(s, i+1); !ok {
					return i, &SyntaxError{i, `a \u without four hexadecimal digits`}
				}
				i += 4
			default:
				return i, unexpected(s, i)
			}
		}
	}
	return i, unexpected(s, i)
}

func unexpected(s string, i int) error {
	if i >= len(s) {
		return &SyntaxError{i, "the end"}
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return &SyntaxError{i, fmt.Sprintf("%q", r)}
}

// hex4 reads the four hexadecimal digits at s[i].
func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unquote returns the text of a valid JSON string. The text shares memory with raw if raw has no escape.
func unquote(raw string) string {
	s := raw[1 : len(raw)-1]
	next := strings.IndexByte(s, '\\')
	if next < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; ; {
		b = append(b, s[i:i+next]...)
		i += next + 1 // on the letter behind the backslash
		switch c := s[i]; c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, _ := hex4(s, i+1)
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if strings.HasPrefix(s[i+1:], `\u`) {
					low, ok = hex4(s, i+3)
				}
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					i += 6
				}
			}
			b = utf8.AppendRune(b, r) // half a pair becomes U+FFFD
		default:
			b = append(b, c)
		}
		i++
		if next = strings.IndexByte(s[i:], '\\'); next < 0 {
			return string(append(b, s[i:]...))
		}
	}
}

// appendText appends s as a JSON string. It escapes the characters that RFC 8259 demands, and DEL, which garbles terminals.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ' || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r < utf8.RuneSelf:
			b = append(b, s[i])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
