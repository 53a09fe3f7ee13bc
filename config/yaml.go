package config

import (
	"bytes"
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// YAML returns the configuration as a file that loads to the same one: the gateway's name, the broker, and the options that differ
// from the defaults. Paths below folder, in which the file is to stand, are written relative to it; with "" they stay absolute.
//
// The text is for a file and not for a log: a password that comes from no password_file stands in it.
func (c *Config) YAML(folder string) []byte {
	defaults := values(Default())
	root := mapping()
	for f, value := range options.All(c) {
		switch {
		case f.Key == "lines":
			if len(c.Lines) > 0 {
				put(root, f.Key, lineNodes(c.Lines, true))
			}
			continue
		case f.Key == "devices":
			if len(c.Devices) > 0 {
				put(root, f.Key, devices(c.Devices))
			}
			continue
		case f.Key == "mqtt.password" && c.MQTT.PasswordFile != "":
			continue
		case f.Key == "gateway.name", f.Key == "mqtt.broker":
		case reflect.DeepEqual(value, defaults[f.Key]):
			continue
		}
		if isPath(f.Key) {
			value = relative(folder, value.(string))
		}
		put(root, f.Key, node(value, true))
	}
	return encode(root)
}

// lineNodes returns lines, each in one line of text, with its name first.
func lineNodes(list []Line, reveal bool) *yaml.Node {
	sequence := &yaml.Node{Kind: yaml.SequenceNode}
	for _, l := range list {
		item := node(map[string]any(l), reveal)
		item.Style = yaml.FlowStyle
		pairs := slices.Collect(slices.Chunk(item.Content, 2))
		slices.SortStableFunc(pairs, func(a, b []*yaml.Node) int { return cmp.Compare(lineRank(a[0].Value), lineRank(b[0].Value)) })
		item.Content = slices.Concat(pairs...)
		sequence.Content = append(sequence.Content, item)
	}
	return sequence
}

// lineRank sorts the options of a line: those that every line has come first.
func lineRank(key string) int {
	switch strings.ToLower(key) {
	case "name":
		return 0
	case "protocol":
		return 1
	}
	return 2
}

func devices(list []Device) *yaml.Node {
	defaults := values(DefaultDevice())
	sequence := &yaml.Node{Kind: yaml.SequenceNode}
	for _, d := range list {
		item := mapping()
		for f, value := range options.All(d) {
			if f.Required || !reflect.DeepEqual(value, defaults[f.Key]) {
				put(item, f.Key, node(value, true))
			}
		}
		sequence.Content = append(sequence.Content, item)
	}
	return sequence
}

// values returns the options of a struct by key.
func values(v any) map[string]any {
	all := map[string]any{}
	for f, value := range options.All(v) {
		all[f.Key] = value
	}
	return all
}

// isPath reports whether an option names a file.
func isPath(key string) bool {
	return slices.ContainsFunc(pathOptions(&Config{}), func(o pathOption) bool { return o.key == key })
}

// relative returns path relative to folder if it lies below.
func relative(folder, path string) string {
	if folder == "" {
		return path
	}
	short, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(short) {
		return path
	}
	return short
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

// put sets a dotted key, and makes the mappings in between.
func put(m *yaml.Node, key string, value *yaml.Node) {
	name, rest, nested := strings.Cut(key, ".")
	if !nested {
		m.Content = append(m.Content, text(name), value)
		return
	}
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			put(m.Content[i+1], rest, value)
			return
		}
	}
	below := mapping()
	m.Content = append(m.Content, text(name), below)
	put(below, rest, value)
}

// node returns a value as an operator writes it; with reveal, secrets as well.
func node(value any, reveal bool) *yaml.Node {
	switch value := value.(type) {
	case string:
		return text(value)
	case Secret:
		if reveal {
			return text(value.Reveal())
		}
		return text(value.String())
	case time.Duration:
		return text(options.Duration(value))
	case encoding.TextMarshaler:
		if written, err := value.MarshalText(); err == nil {
			return text(string(written))
		}
	case map[string]any:
		m := mapping()
		for _, key := range slices.Sorted(maps.Keys(value)) {
			m.Content = append(m.Content, text(key), node(value[key], reveal))
		}
		return m
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice {
		sequence := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			sequence.Content = append(sequence.Content, node(v.Index(i).Interface(), reveal))
		}
		return sequence
	}
	n := &yaml.Node{}
	if err := n.Encode(value); err != nil {
		return text(fmt.Sprint(value))
	}
	return n
}

// text returns a string, without quotes if YAML reads it as nothing else.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !isPlain(r) }) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func isPlain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:", r)
}

func encode(n *yaml.Node) []byte {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		panic(fmt.Sprintf("config: %v", err)) // a buffer takes everything, and the nodes are ours
	}
	return b.Bytes()
}

// inline returns a value on one line.
func inline(value any) string {
	n := node(value, false)
	n.Style |= yaml.FlowStyle
	return strings.TrimSpace(string(encode(n)))
}
