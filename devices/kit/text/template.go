package text

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/mqttgateway/mqttgateway/messages"
)

// MaxText is how many bytes a template may give.
const MaxText = 64 << 10

// Template makes texts of values. Its methods may be called from any goroutine.
type Template struct{ template *template.Template }

// ParseTemplate reads a template. Loops, and templates within templates, are refused: there are none that end for sure.
func ParseTemplate(source string) (*Template, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return nil, explainTemplate(err)
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("defines a template, want none")
	}
	if t.Tree != nil && loops(t.Root) {
		return nil, errors.New("has a range or a template in it, want values, functions and if")
	}
	return &Template{t}, nil
}

// loops reports whether a node has something in it that may never end.
func loops(node parse.Node) bool {
	branches := func(b *parse.BranchNode) bool { return loops(b.List) || b.ElseList != nil && loops(b.ElseList) }
	switch n := node.(type) {
	case *parse.ListNode:
		for _, below := range n.Nodes {
			if loops(below) {
				return true
			}
		}
	case *parse.IfNode:
		return branches(&n.BranchNode)
	case *parse.WithNode:
		return branches(&n.BranchNode)
	case *parse.RangeNode, *parse.TemplateNode:
		return true
	}
	return false
}

// explainTemplate takes off the name of a template, for it has none.
func explainTemplate(err error) error {
	text := strings.TrimPrefix(strings.ReplaceAll(err.Error(), `executing "" at `, ""), "template: ")
	for _, name := range []string{`"":`, ":"} {
		if rest, ok := strings.CutPrefix(text, name); ok {
			return errors.New("line " + rest)
		}
	}
	return errors.New(text)
}

// Render makes the text of values, by the names that the template has for them.
func (t *Template) Render(values map[string]messages.Value) (string, error) {
	data := make(map[string]any, len(values))
	for name, v := range values {
		data[name] = plain(v)
	}
	out := &bounded{}
	if err := t.template.Execute(out, data); err != nil {
		return "", explainTemplate(err)
	}
	if at := strings.Index(out.String(), "%!"); at >= 0 {
		return "", fmt.Errorf("gives %q: a verb of printf has not found what it wants", out.String())
	}
	return out.String(), nil
}

// bounded is a text that refuses to become too long.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > MaxText {
		return 0, fmt.Errorf("more than %d bytes", MaxText)
	}
	return b.Builder.Write(p)
}

// plain returns v as templates see it.
func plain(v messages.Value) any {
	switch v.Kind() {
	case messages.Bool:
		b, _ := v.Bool()
		return b
	case messages.Number:
		f, _ := v.Float()
		return number{f, v.Raw()}
	case messages.Null:
		return ""
	}
	return v.String()
}

// number is a number with its digits. It goes with every verb of fmt: those of whole numbers if it is whole, those of floats and %v.
type number struct {
	value  float64
	digits string
}

// String returns the digits.
func (n number) String() string { return n.digits }

// Format implements fmt.Formatter.
func (n number) Format(s fmt.State, verb rune) {
	format := fmt.FormatString(s, verb)
	switch whole, ok := n.whole(); {
	case verb == 'v' || verb == 's' || verb == 'q':
		fmt.Fprintf(s, format, n.digits)
	case strings.ContainsRune("dxXobc", verb) && ok:
		fmt.Fprintf(s, format, whole)
	default:
		fmt.Fprintf(s, format, n.value)
	}
}

func (n number) whole() (int64, bool) {
	if whole, err := strconv.ParseInt(n.digits, 10, 64); err == nil {
		return whole, true
	}
	return int64(n.value), n.value == math.Trunc(n.value) && math.Abs(n.value) < 1<<63
}

var functions = template.FuncMap{
	"mul": func(first any, more ...any) (any, error) {
		return fold(first, more, func(a, b float64) float64 { return a * b })
	},
	"add": func(first any, more ...any) (any, error) {
		return fold(first, more, func(a, b float64) float64 { return a + b })
	},
	"int": func(of any) (int64, error) {
		n, err := numberOf(of)
		if err != nil {
			return 0, err
		}
		if whole, ok := n.whole(); ok {
			return whole, nil
		}
		if math.Abs(n.value) >= 1<<63 {
			return 0, fmt.Errorf("%s is too large for a whole number", n.digits)
		}
		return int64(n.value), nil
	},
	"hex": func(first any, more ...any) (string, error) {
		width, of := any(0), first
		if len(more) > 0 {
			width, of = first, more[0]
		}
		return padded(width, of, len(more), func(n int64) string { return strings.ToUpper(strconv.FormatInt(n, 16)) })
	},
	"pad": func(width, of any) (string, error) {
		return padded(width, of, 1, func(n int64) string { return strconv.FormatInt(n, 10) })
	},
}

// padded writes a whole number with zeros in front.
func padded(width, of any, more int, write func(int64) string) (string, error) {
	w, err := numberOf(width)
	if err != nil {
		return "", err
	}
	n, err := numberOf(of)
	if err != nil {
		return "", err
	}
	digits, ok := n.whole()
	switch {
	case more > 1:
		return "", errors.New("too many numbers, want a width and a number")
	case !ok || digits < 0:
		return "", fmt.Errorf("%s, want a whole number, 0 or more", n.digits)
	case w.value < 0 || w.value > 64:
		return "", fmt.Errorf("a width of %s, want 0 to 64", w.digits)
	}
	text := write(digits)
	return strings.Repeat("0", max(0, int(w.value)-len(text))) + text, nil
}

// fold combines numbers from the first on.
func fold(first any, more []any, with func(a, b float64) float64) (any, error) {
	n, err := numberOf(first)
	if err != nil {
		return nil, err
	}
	result := n.value
	for _, m := range more {
		if n, err = numberOf(m); err != nil {
			return nil, err
		}
		result = with(result, n.value)
	}
	result = sure(result)
	if math.IsInf(result, 0) {
		return nil, errors.New("the result is too large")
	}
	return number{result, messages.FloatValue(result).Raw()}, nil
}

// numberOf returns what a template has for a number.
func numberOf(v any) (number, error) {
	switch v := v.(type) {
	case number:
		return v, nil
	case int:
		return number{float64(v), strconv.Itoa(v)}, nil
	case int64:
		return number{float64(v), strconv.FormatInt(v, 10)}, nil
	case float64:
		return number{v, messages.FloatValue(v).Raw()}, nil
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return number{f, v}, nil
		}
	}
	return number{}, fmt.Errorf("%q, want a number", fmt.Sprint(v))
}
