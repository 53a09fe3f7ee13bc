package pattern

import (
	"regexp/syntax"
	"slices"
)

// Loose tells what the pattern leaves open, so that it may match in the middle of something else; "" if nothing. A pattern is not
// loose that begins with ^ and ends with $ or with text of its own.
func (p *Pattern) Loose() string { return p.loose }

// Adrift is Loose for a pattern of which nothing is taken: such a one may end anywhere.
func (p *Pattern) Adrift() string {
	if p.loose == loosely[false] {
		return ""
	}
	return p.loose
}

// loosely has what is said of a pattern that has no end, by whether it has no beginning either.
var loosely = map[bool]string{
	true:  "may match in the middle: want ^ at the beginning, and $ or some text at the end",
	false: "may match only a part of what it is about: want $ or some text at the end",
}

const beginless = "may match in the middle: want ^ at the beginning"

func loose(tree *syntax.Regexp) string {
	begins, ends := isFixed(tree, first, syntax.OpBeginText, syntax.OpBeginLine), isFixed(tree, last, syntax.OpEndText, syntax.OpEndLine, syntax.OpLiteral)
	switch {
	case begins && ends:
		return ""
	case ends:
		return beginless
	}
	return loosely[!begins]
}

// isFixed reports whether whatever a pattern matches has one of some ops at an end of it.
func isFixed(tree *syntax.Regexp, end func([]*syntax.Regexp) *syntax.Regexp, ops ...syntax.Op) bool {
	if slices.Contains(ops, tree.Op) {
		return true
	}
	switch tree.Op {
	case syntax.OpConcat:
		return isFixed(end(tree.Sub), end, ops...)
	case syntax.OpCapture:
		// what is taken as the value is no text of the pattern's own
		return isFixed(tree.Sub[0], end, slices.DeleteFunc(slices.Clone(ops), func(op syntax.Op) bool { return op == syntax.OpLiteral })...)
	case syntax.OpAlternate:
		for _, sub := range tree.Sub {
			if !isFixed(sub, end, ops...) {
				return false
			}
		}
		return true
	}
	return false
}

func first(of []*syntax.Regexp) *syntax.Regexp { return of[0] }

func last(of []*syntax.Regexp) *syntax.Regexp { return of[len(of)-1] }
