package config

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// spot is a place in a text. Line and column count from 1; they are 0 if nobody knows.
type spot struct{ line, column int }

// textFault is a fault at a place of a text.
type textFault struct {
	spot
	said string
}

func faultAt(line, column int, format string, args ...any) *textFault {
	return &textFault{spot{line, column}, fmt.Sprintf(format, args...)}
}

// Error returns the place in words, and the fault: "line 3, column 5: …".
func (f *textFault) Error() string {
	switch {
	case f.line == 0:
		return f.said
	case f.column == 0:
		return fmt.Sprintf("line %d: %s", f.line, f.said)
	}
	return fmt.Sprintf("line %d, column %d: %s", f.line, f.column, f.said)
}

// in returns the place with the file that it is in, as editors and terminals know to go there: "/etc/gateway/house.yaml:3:5".
func (s spot) in(path string) string {
	for _, n := range []int{s.line, s.column} {
		if n > 0 {
			path += ":" + strconv.Itoa(n)
		}
	}
	return path
}

// placed is an option, a section, a list, or an item of a list, with the place where it begins: that of its key, if it has one.
type placed struct {
	spot
	below map[string]*placed // of a section
	items []*placed          // of a list
}

// outline is a parser that knows where everything stands in a text which it can read.
type outline interface {
	outline(text []byte) (*placed, error)
}

// source is the file of a configuration. Where the options stand in it is found out when somebody asks, which is when one has a fault:
// for 100,000 devices the places would need more memory than the options.
type source struct {
	path   string
	sum    [sha256.Size]byte // of its text
	parser outline
	once   sync.Once
	root   *placed // nil: not known
}

// load finds out where the options stand. They are not known if the file has changed since it was read.
func (s *source) load() {
	text, err := files.Text(s.path)
	if err != nil || sha256.Sum256(text) != s.sum {
		return
	}
	s.root, _ = s.parser.outline(text)
}

// place returns the place of an option by its name, as it is spelt in the file, or that of the innermost section or item around it
// that is there. It returns "" if not even its outermost section is.
func (s *source) place(name string) string {
	if s == nil {
		return ""
	}
	s.once.Do(s.load)
	if s.root == nil {
		return ""
	}
	at := s.root.find(name)
	if at == s.root {
		return ""
	}
	return at.in(s.path)
}

// find returns the node at a dotted key below n, or the innermost one around it. A key may have dots in it.
func (n *placed) find(key string) *placed {
	if rest, ok := strings.CutPrefix(key, "["); ok {
		index, rest, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(index); err == nil && 0 <= i && i < len(n.items) {
			return n.items[i].find(strings.TrimPrefix(rest, "."))
		}
		return n
	}
	for end := len(key); end > 0; end = strings.LastIndexAny(key[:end], ".[") {
		if below := n.below[key[:end]]; below != nil {
			return below.find(strings.TrimPrefix(key[end:], "."))
		}
	}
	return n
}

// Place returns where the option, or a part of it, stands: file, line and column, as in "/etc/gateway/house.yaml:3:5". For one that is
// missing the place is that of the section or the item that it is missing from. Place returns "" if no file sets the option, or if
// nobody knows where it stands.
func (l *Loaded) Place(key string) string { return l.file.place(l.Name(key)) }

// Fault returns a fault of an option, or of a part of it, under the operator's name for it and with its place.
func (l *Loaded) Fault(key string, err error) *options.Fault {
	return &options.Fault{Place: l.Place(key), Key: l.Name(key), Err: err}
}

// Outline tells where the values of a text in YAML stand that ReadYAML reads.
type Outline struct{ root *placed }

// OutlineYAML returns the outline of a text; that of one which is no YAML knows no place.
func OutlineYAML(text []byte) Outline {
	root, err := yamlParser{}.outline(text)
	if err != nil || root == nil {
		root = &placed{}
	}
	return Outline{root}
}

// Compare compares two keys, such as points[2].id, by where their values stand.
func (o Outline) Compare(a, b string) int {
	one, other := o.root.find(a), o.root.find(b)
	return cmp.Or(cmp.Compare(one.line, other.line), cmp.Compare(one.column, other.column))
}

// Place returns where the value with a key stands, or the innermost one around it, in the file at path: "/etc/gateway/house.yaml:3:5".
func (o Outline) Place(path, key string) string { return o.root.find(key).in(path) }
