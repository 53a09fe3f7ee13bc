// Package pattern finds values in what equipment has sent, by regular expressions:
//
//	volume, err := pattern.Compile(`^MV(\d+)$`)
//	…
//	if found, ok := volume.Find(frame); ok {
//		env.Update(time.Now(), pattern.Form{ID: "volume", Kind: entity.Number}.Reading(found.Text()))
//	}
//
// The syntax is that of package regexp. The value is what the one group has matched, or the whole match if there is no group. Of
// several groups each has a name, (?P<v>\d+), and whoever asks makes a value of [Found.Groups].
//
// A pattern is to say where a frame begins and ends. `MV(\d\d)` finds 50 in MV505, which means 50.5 to a receiver, and 70 in
// MVMAX 70, which is no volume at all; hence [Pattern.Loose].
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pattern is a compiled regular expression. Its methods may be called from any goroutine.
type Pattern struct {
	expression *regexp.Regexp
	names      []string // of the groups, from the first on
	value      int      // the number of the group with the value; 0: the whole match
	loose      string
}

// Compile reads a pattern for [Pattern.Find]. The error says where in the pattern the fault is.
func Compile(source string) (*Pattern, error) {
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, explain(source, err)
	}
	expression, err := regexp.Compile(source)
	if err != nil {
		return nil, explain(source, err)
	}
	p := &Pattern{expression: expression, names: expression.SubexpNames()[1:], loose: loose(tree.Simplify())}
	if len(p.names) == 1 {
		p.value = 1
	}
	var faults []error
	for i, name := range p.names {
		switch {
		case name == "" && len(p.names) > 1:
			faults = append(faults, fmt.Errorf("group %d of %d has no name: want (?P<name>…) for each, or (?:…) for what is no value", i+1, len(p.names)))
		case name != "" && slices.Contains(p.names[:i], name):
			faults = append(faults, fmt.Errorf("two groups are called %q, want a name for each", name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return p, nil
}

// explain says where in a pattern a fault of its syntax is.
func explain(source string, err error) error {
	fault := (*syntax.Error)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	at := strings.Index(source, fault.Expr)
	if at < 0 || fault.Expr == source || fault.Expr == "" {
		return fmt.Errorf("%s in %q", fault.Code, source)
	}
	return fmt.Errorf("%s at character %d: %q", fault.Code, utf8.RuneCountInString(source[:at])+1, fault.Expr)
}

// String returns the source of the pattern.
func (p *Pattern) String() string { return p.expression.String() }

// Named reports whether there are several groups, so that a value has to be made of them.
func (p *Pattern) Named() bool { return len(p.names) > 1 }

// Names returns the names of the groups, "" of one without a name.
func (p *Pattern) Names() []string { return slices.Clone(p.names) }

// Found is what a pattern has matched in a frame.
type Found struct {
	pattern *Pattern
	frame   []byte
	places  []int
}

// Find looks for the first match in a frame.
func (p *Pattern) Find(frame []byte) (Found, bool) {
	places := p.expression.FindSubmatchIndex(frame)
	return Found{p, frame, places}, places != nil
}

// Matches reports whether the pattern matches a frame.
func (p *Pattern) Matches(frame []byte) bool { return p.expression.Match(frame) }

// Text returns the value: what the one group has matched, or the whole match.
func (f Found) Text() string { return f.group(f.pattern.value) }

// Groups returns what each group with a name has matched, "" of one that had no part in the match.
func (f Found) Groups() map[string]any {
	groups := make(map[string]any, len(f.pattern.names))
	for i, name := range f.pattern.names {
		if name != "" {
			groups[name] = f.group(i + 1)
		}
	}
	return groups
}

func (f Found) group(n int) string {
	if begin := f.places[2*n]; begin >= 0 {
		return string(f.frame[begin:f.places[2*n+1]])
	}
	return ""
}
