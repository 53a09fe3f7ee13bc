package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// yamlParser reads a YAML document as it is written, or not at all: what YAML's parser passes over, or takes for something
// else than it looks like, is a fault.
//
//	a second document         would be lost
//	!secret, !env, any tag    but those of YAML itself: its word would be taken for the value
//	012, -08                  octal to some, decimal to others
//	a key twice               by whatever spelling
//	2026-01-02                is text, not a moment in some time zone
//	1: a                      has the key "1", as it is written
//
// Anchors, aliases and merges are what they stand for.
type yamlParser struct {
	readOnly
	words vocabulary
}

// ReadYAML returns the options of the one document in the text of the file at path, read as strictly as those of a configuration. The
// error joins all faults, each with its place.
func ReadYAML(path string, text []byte) (map[string]any, error) {
	return located{Parser: yamlParser{words: vocabulary{}}, path: path}.Unmarshal(text)
}

// Unmarshal returns the options of the one document in text.
func (p yamlParser) Unmarshal(text []byte) (map[string]any, error) {
	document, err := onlyDocument(text)
	if err != nil || document == nil {
		return nil, err
	}
	r := yamlReader{words: p.words, inside: map[*yaml.Node]bool{}}
	value := r.read(document)
	raw, ok := value.(map[string]any)
	if !ok && value != nil && r.faults == nil {
		r.faultf(document, "want options, name: value")
	}
	return raw, errors.Join(r.faults...)
}

// onlyDocument returns the root of the one document that says something, nil if none does.
func onlyDocument(text []byte) (root *yaml.Node, err error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		if err := d.Decode(&document); errors.Is(err, io.EOF) {
			return root, nil
		} else if err != nil {
			return nil, yamlFault(err)
		}
		if len(document.Content) == 0 || document.Content[0].ShortTag() == "!!null" {
			continue
		}
		if root != nil {
			return nil, faultAt(document.Content[0].Line, document.Content[0].Column, "a second document: want one")
		}
		root = document.Content[0]
	}
}

// syntaxOfYAML matches an error of YAML's parser, which knows the line at most.
var syntaxOfYAML = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// yamlFault returns an error of YAML's parser with its place.
func yamlFault(err error) error {
	said := syntaxOfYAML.FindStringSubmatch(err.Error())
	if said == nil {
		return err
	}
	line, _ := strconv.Atoi(said[1]) // 0: nobody knows
	return faultAt(line, 0, "no YAML: %s", said[2])
}

type yamlReader struct {
	words  vocabulary
	inside map[*yaml.Node]bool // the anchored nodes that are being read
	copied int                 // nodes that were read through an alias
	copies int                 // aliases that are being read, one within another
	faults []error
}

// mostCopied bounds how many nodes are read through aliases, which may stand within one another.
const mostCopied = 1_000_000

func (r *yamlReader) faultf(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, faultAt(n.Line, n.Column, format, args...))
}

func (r *yamlReader) read(n *yaml.Node) any {
	if r.copies > 0 {
		if r.copied++; r.copied > mostCopied {
			if r.copied == mostCopied+1 {
				r.faultf(n, "aliases stand for more than %d values", mostCopied)
			}
			return nil
		}
	}
	if n.Kind == yaml.AliasNode {
		return r.alias(n)
	}
	tag := n.ShortTag()
	if n.Kind == yaml.ScalarNode {
		return r.scalar(n, tag)
	}
	if n.Anchor != "" {
		r.inside[n] = true
		defer delete(r.inside, n)
	}
	switch {
	case n.Kind == yaml.SequenceNode && tag == "!!seq":
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = r.read(item)
		}
		return list
	case n.Kind == yaml.MappingNode && tag == "!!map":
		return r.mapping(n)
	}
	r.unknownTag(n)
	return nil
}

func (r *yamlReader) alias(n *yaml.Node) any {
	if r.inside[n.Alias] {
		r.faultf(n, "%q stands within what it stands for", "*"+n.Value)
		return nil
	}
	r.copies++
	defer func() { r.copies-- }()
	return r.read(n.Alias)
}

// unknownTag does not tell the tag, which may be a password that begins with !.
func (r *yamlReader) unknownTag(n *yaml.Node) {
	r.faultf(n, "begins with !, which makes it a tag: want the value itself, in quotes if the ! is a part of it; what is secret or differs by machine can stand in password_file or the environment")
}

// mapping reads options. The mapping's own win over those that are merged in; of several that are merged in, the first counts.
func (r *yamlReader) mapping(n *yaml.Node) map[string]any {
	m := make(map[string]any, len(n.Content)/2)
	lines := make(map[string]int, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, item := n.Content[i], n.Content[i+1]
		name, merge, ok := r.key(key)
		if !ok {
			continue
		}
		if first, twice := lines[name]; twice {
			r.faultf(key, "key %q is in line %d already", name, first)
			continue
		}
		lines[name] = key.Line
		if merge {
			merges = append(merges, item)
			continue
		}
		m[r.words.word(name).(string)] = r.read(item)
	}
	for _, item := range merges {
		r.merge(m, item)
	}
	return m
}

// key returns a key as it is written, whatever type YAML gives it.
func (r *yamlReader) key(n *yaml.Node) (name string, merge, ok bool) {
	at := n
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch tag := n.ShortTag(); {
	case n.Kind != yaml.ScalarNode:
		r.faultf(at, "a key that is no text")
		return "", false, false
	case tag == "!!merge":
		return n.Value, true, true
	case !plainTags[tag]:
		r.unknownTag(at)
		return "", false, false
	}
	return n.Value, false, true
}

func (r *yamlReader) merge(m map[string]any, n *yaml.Node) {
	from := n
	if n.Kind == yaml.AliasNode {
		from = n.Alias
	}
	switch value := r.read(n).(type) {
	case map[string]any:
		for name, item := range value {
			if _, own := m[name]; !own {
				m[name] = item
			}
		}
	case []any:
		for _, item := range from.Content {
			r.merge(m, item)
		}
	default:
		r.faultf(n, "want options to be merged in")
	}
}

// plainTags are the tags of YAML itself for a scalar.
var plainTags = map[string]bool{
	"!!str": true, "!!null": true, "!!bool": true, "!!int": true, "!!float": true, "!!binary": true, "!!timestamp": true,
}

// octal matches a number that YAML 1.1 reads as octal and YAML 1.2 as decimal.
var octal = regexp.MustCompile(`^[-+]?0[0-9_]`)

func (r *yamlReader) scalar(n *yaml.Node, tag string) any {
	switch {
	case tag == "!!str", tag == "!!timestamp" && n.Style&yaml.TaggedStyle == 0:
		return r.words.word(n.Value)
	case tag == "!!null":
		return nil
	case !plainTags[tag]:
		r.unknownTag(n)
		return nil
	case (tag == "!!int" || tag == "!!float") && octal.MatchString(n.Value):
		r.faultf(n, "a number that begins with 0: want it in quotes if it is text, else without the 0, or 0o before an octal one")
		return nil
	}
	var value any
	if err := n.Decode(&value); err != nil { // the error would quote what may be a password
		r.faultf(n, "what stands behind the tag %q is none", tag)
		return nil
	}
	return value
}
