package text

import (
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// path leads from a document to a part of it, by keys and by numbers in lists: .aenergy.by_minute[0].
type path []any // of string and int

// in follows the path, and reports whether all of it is there.
func (p path) in(document any) (any, bool) {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			object, ok := document.(map[string]any)
			if !ok {
				return nil, false
			}
			if document, ok = object[step]; !ok {
				return nil, false
			}
		case int:
			list, ok := document.([]any)
			if step < 0 {
				step += len(list)
			}
			if !ok || step < 0 || step >= len(list) {
				return nil, false
			}
			document = list[step]
		}
	}
	return document, true
}

func (p path) String() string {
	var s strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case string:
			s.WriteString("." + step)
		case int:
			if s.Len() == 0 {
				s.WriteByte('.')
			}
			s.WriteString("[" + strconv.Itoa(step) + "]")
		}
	}
	if s.Len() == 0 {
		return "."
	}
	return s.String()
}

// barePath returns the path that a query consists of, and false if it is more than that, or may be missing.
func barePath(q *gojq.Query) (path, bool) {
	if q.Term == nil || len(q.FuncDefs) > 0 {
		return nil, false
	}
	p, rest := leading(q.Term)
	return p, p != nil && len(rest) == 0
}

// leading returns the path that a term begins with, not nil if it begins with one, and the suffixes behind the path.
func leading(t *gojq.Term) (p path, rest []*gojq.Suffix) {
	rest = t.SuffixList
	switch t.Type {
	case gojq.TermTypeIdentity:
		p = path{}
	case gojq.TermTypeIndex:
		s, ok := step(t.Index)
		if !ok {
			return nil, rest
		}
		p = path{s}
	default:
		return nil, rest
	}
	for len(rest) > 0 && rest[0].Index != nil {
		s, ok := step(rest[0].Index)
		if !ok {
			break
		}
		p, rest = append(p, s), rest[1:]
	}
	return p, rest
}

// step returns a key or a number that stands in the query itself.
func step(i *gojq.Index) (any, bool) {
	switch {
	case i.IsSlice:
	case i.Name != "":
		return strings.TrimPrefix(i.Name, "."), true
	case i.Str != nil && i.Str.Queries == nil:
		return i.Str.Str, true
	case i.Start != nil && i.Start.Term != nil && len(i.Start.Term.SuffixList) == 0:
		switch t := i.Start.Term; t.Type {
		case gojq.TermTypeString:
			if t.Str.Queries == nil {
				return t.Str.Str, true
			}
		case gojq.TermTypeNumber:
			if n, err := strconv.Atoi(t.Number); err == nil {
				return n, true
			}
		}
	}
	return nil, false
}

// paths returns the paths of a query that must be there: those that are taken from the document itself, whatever else is so. They
// are none of those behind a pipe or in a function, which may have something else before them, in one branch of an if only, and none
// with a ? behind it or in front of //.
func paths(q *gojq.Query) (all []path) {
	if q.Term != nil {
		return pathsOf(q.Term)
	}
	if q.Left == nil || q.Op == gojq.OpAlt {
		return nil
	}
	all = paths(q.Left)
	switch q.Op {
	case gojq.OpPipe, gojq.OpAnd, gojq.OpOr, gojq.OpComma:
	default:
		all = append(all, paths(q.Right)...)
	}
	return all
}

func pathsOf(t *gojq.Term) []path {
	for _, s := range t.SuffixList {
		if s.Optional {
			return nil
		}
	}
	switch t.Type {
	case gojq.TermTypeIndex:
		if p, _ := leading(t); p != nil {
			return []path{p}
		}
	case gojq.TermTypeIdentity:
		if p, _ := leading(t); len(p) > 0 {
			return []path{p}
		}
	case gojq.TermTypeUnary:
		return pathsOf(t.Unary.Term)
	case gojq.TermTypeQuery:
		return paths(t.Query)
	case gojq.TermTypeIf:
		return paths(t.If.Cond)
	}
	return nil
}

// variablesOf returns the names that stand behind a $ in a query.
func variablesOf(source string) (names []string) {
	for _, part := range strings.Split(source, "$")[1:] {
		end := strings.IndexFunc(part, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
		if end < 0 {
			end = len(part)
		}
		names = append(names, part[:end])
	}
	return names
}
