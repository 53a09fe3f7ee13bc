package mapping

import (
	"slices"
	"unicode/utf8"
)

// lines finds lines and columns in a text. The first call of position reads the whole text, once, since there may be as
// many faults as words.
type lines struct {
	text   string
	starts []int // offsets at which the lines begin
	runes  []int // number of characters that begin before byte 0, stride, 2*stride, …
}

const stride = 64

// position returns the line and the column of an offset. Both count from 1; the column counts characters.
func (l *lines) position(at int) (line, column int) {
	if l.starts == nil {
		l.read()
	}
	line, found := slices.BinarySearch(l.starts, at)
	if found {
		line++
	}
	return line, l.before(at) - l.before(l.starts[line-1]) + 1
}

func (l *lines) read() {
	l.starts = append(l.starts, 0)
	runes := 0
	for i := range len(l.text) {
		if i%stride == 0 {
			l.runes = append(l.runes, runes)
		}
		if utf8.RuneStart(l.text[i]) {
			runes++
		}
		if l.text[i] == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	l.runes = append(l.runes, runes) // for the offset behind the last byte
}

// before returns the number of characters that begin before an offset.
func (l *lines) before(at int) int {
	n := l.runes[at/stride]
	for i := at / stride * stride; i < at; i++ {
		if utf8.RuneStart(l.text[i]) {
			n++
		}
	}
	return n
}
