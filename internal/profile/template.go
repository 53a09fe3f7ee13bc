package profile

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/messages"
)

// template is a text with actions of the profile in it.
type template struct {
	only  string // the one name that it consists of; "": it does not
	parts []part
}

// part is a piece of a template: an action of the profile, or a text, in which there may be actions of the type.
type part struct {
	action *text.Template // nil: a text
	text   string
}

// compile reads a text. The result is nil if no action in it uses one of the names.
func compile(source string, names []string) (*template, error) {
	if !strings.Contains(source, "{{") {
		return nil, nil
	}
	tree, defined := parse.New(""), make(map[string]*parse.Tree)
	tree.Mode = parse.SkipFuncCheck // text.ParseTemplate checks those of the profile, the type its own
	if _, err := tree.Parse(source, "", "", defined); err != nil {
		return nil, fmt.Errorf("%q is no template: %s", source, strings.TrimPrefix(err.Error(), "template: :"))
	}
	if len(defined) > 1 || tree.Root == nil {
		return nil, nil // the type will refuse to have templates defined
	}
	t, owns := &template{}, false
	for _, n := range tree.Root.Nodes {
		if literal, ok := n.(*parse.TextNode); ok {
			t.parts = append(t.parts, part{text: string(literal.Text)})
			continue
		}
		var own, foreign []string
		for _, name := range fields(n) {
			if slices.Contains(names, name) {
				own = append(own, name)
			} else {
				foreign = append(foreign, name)
			}
		}
		switch {
		case len(own) == 0:
			t.parts = append(t.parts, part{text: n.String()})
			continue
		case len(foreign) > 0:
			return nil, fmt.Errorf("%s uses .%s, which the profile declares, and .%s, which it doesn't: want an action for each", n, own[0], foreign[0])
		}
		owns = true
		action, err := text.ParseTemplate(n.String())
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{action: action})
		if n.String() == "{{."+own[0]+"}}" && len(tree.Root.Nodes) == 1 {
			t.only = own[0]
		}
	}
	if !owns {
		return nil, nil
	}
	return t, nil
}

// fields returns the names that a node of a template takes from its data: volume of {{.volume}}.
func fields(n parse.Node) (names []string) {
	add := func(below ...parse.Node) {
		for _, n := range below {
			names = append(names, fields(n)...)
		}
	}
	list := func(l *parse.ListNode) {
		if l != nil {
			add(l.Nodes...)
		}
	}
	pipe := func(p *parse.PipeNode) {
		if p == nil {
			return
		}
		for _, command := range p.Cmds {
			add(command.Args...)
		}
	}
	branch := func(b *parse.BranchNode) {
		pipe(b.Pipe)
		list(b.List)
		list(b.ElseList)
	}
	switch n := n.(type) {
	case *parse.FieldNode:
		return n.Ident[:1]
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			return n.Ident[1:2]
		}
	case *parse.ChainNode:
		add(n.Node)
	case *parse.PipeNode:
		pipe(n)
	case *parse.ActionNode:
		pipe(n.Pipe)
	case *parse.TemplateNode:
		pipe(n.Pipe)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	}
	return names
}

// render makes a value of the values that the names have.
func (t *template) render(values map[string]any) (any, error) {
	if t.only != "" {
		return values[t.only], nil
	}
	data := make(map[string]messages.Value, len(values))
	for name, value := range values {
		v, err := messages.ValueOf(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		data[name] = v
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.action == nil {
			b.WriteString(p.text)
			continue
		}
		said, err := p.action.Render(data)
		if err != nil {
			return nil, err
		}
		b.WriteString(said)
	}
	return b.String(), nil
}
