package files

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Text is Read for a file that people write. Text returns the bytes without a byte order mark, and an error with the
// place of the first byte that is not UTF-8, or is NUL.
func Text(path string) ([]byte, error) {
	text, err := Unmarked(path)
	if err != nil {
		return nil, err
	}
	if at := bytes.IndexByte(text, 0); at >= 0 {
		return nil, fmt.Errorf("%s: a NUL byte: want a text", Place(path, text, at))
	}
	if at := invalid(text); at >= 0 {
		return nil, fmt.Errorf("%s: byte %#02x: want UTF-8", Place(path, text, at), text[at])
	}
	return text, nil
}

// Unmarked is Read without a UTF-8 byte order mark, which some editors write at the beginning of a file: most parsers
// would take the mark as part of the first word, or overlook the first certificate. A UTF-16 byte order mark is an
// error.
func Unmarked(path string) ([]byte, error) {
	text, err := Read(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("%s: the file is UTF-16: want UTF-8", Place(path, text, 0))
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

// invalid returns the offset of the first byte that is not UTF-8, or -1 if all are.
func invalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}

// Position returns line and column of an offset in text. Both count from 1; the column counts characters.
func Position(text []byte, at int) (line, column int) {
	before := text[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// Place returns the place of an offset in the text of a file, as editors and terminals know to go there: "/etc/gateway/house.yaml:3:5".
func Place(path string, text []byte, at int) string {
	line, column := Position(text, at)
	return fmt.Sprintf("%s:%d:%d", path, line, column)
}
