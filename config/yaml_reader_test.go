package config

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// yamlParser reads what YAML's own decoder reads.
func TestReadYAMLAsItsParser(t *testing.T) {
	for name, text := range map[string]string{
		"all kinds": `
text: a
quoted: "1"
block: |
  two
  lines
numbers: [1, -2, 0x10, 0o52, 0b11, 1_000, 0, 0.5, 1.5, 1e3, .inf, 123456789012345678901234567890]
words: [true, yes, on, No, null, ~, 12:30, 0s]
nothing:
empty: [{}, [], ""]
tagged: !!str 12
untagged: ! 12
float: !!float 1
bytes: !!binary aGk=
"on": {deep: [{er: [x]}]}
`,
		"alias":                  "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n",
		"alias of text":          "a: &x hi\nb: *x\n",
		"merge":                  "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
		"merge of several":       "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}\n",
		"merge of what merges":   "a: &x {b: 1}\nc: &y {<<: *x, d: 2}\ne: {<<: *y, b: 3}\n",
		"empty documents around": "---\n---\na: 1\n---\n...\n",
		"nothing":                "",
		"comments":               "# nothing\n",
		"null":                   "~\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := yamlParser{words: vocabulary{}}.Unmarshal([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := yaml.Unmarshal([]byte(strings.TrimPrefix(text, "---\n---\n")), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %#v\nwant %#v", got, want)
			}
		})
	}
}

// In these cases the text as it is written counts, and not what the decoder makes of it.
func TestReadYAMLAsWritten(t *testing.T) {
	got, err := yamlParser{words: vocabulary{}}.Unmarshal([]byte("1: a\n0x10: b\n~: c\ntrue: d\ndate: 2026-01-02\ntime: 2026-01-02 03:04:05\nstated: !!timestamp 2026-01-02\n"))
	want := map[string]any{"1": "a", "0x10": "b", "~": "c", "true": "d", "date": "2026-01-02", "time": "2026-01-02 03:04:05"}
	if stated, ok := got["stated"]; !ok || stated == nil {
		t.Errorf("a stated moment is %v", stated)
	}
	delete(got, "stated")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, %v\nwant %#v", got, err, want)
	}
}

func TestReadYAMLFaults(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"second document":   {"a: 1\n---\nb: 2\n", "line 3, column 1: a second document: want one"},
		"third document":    {"---\n---\na: 1\n---\n- b\n", "line 5, column 1: a second document: want one"},
		"tag":               {"a: !secret word\n", `line 1, column 4: begins with !, which makes it a tag: want the value itself, in quotes if the ! is a part of it; what is secret or differs by machine can stand in password_file or the environment`},
		"tag of a list":     {"a:\n  !env [b]\n", `line 2, column 3: begins with !`},
		"tag of a section":  {"a: !!set {b, c}\n", `line 1, column 4: begins with !`},
		"tag of a key":      {"!env a: b\n", `line 1, column 1: begins with !`},
		"tag that is wrong": {"a: !!int word\n", `line 1, column 4: what stands behind the tag "!!int" is none`},
		"octal":             {"a: 052\n", "line 1, column 4: a number that begins with 0: want it in quotes if it is text, else without the 0, or 0o before an octal one"},
		"no octal":          {"a: [-08]\n", "line 1, column 5: a number that begins with 0"},
		"long octal":        {"a: 0_1\n", "line 1, column 4: a number that begins with 0"},
		"key twice":         {"a: 1\nb: {c: 1, c: 2}\na: 2\n", "line 2, column 11: key \"c\" is in line 2 already\nline 3, column 1: key \"a\" is in line 1 already"},
		"key in two ways":   {"1: a\n\"1\": b\n", `line 2, column 1: key "1" is in line 1 already`},
		"merge twice":       {"a: &x {}\nb: {<<: *x, <<: *x}\n", `line 2, column 13: key "<<" is in line 2 already`},
		"merge of nothing":  {"a: {<<: word}\n", "line 1, column 9: want options to be merged in"},
		"list for a key":    {"[a]: b\n", "line 1, column 1: a key that is no text"},
		"within itself":     {"a: &x [*x]\n", `line 1, column 8: "*x" stands within what it stands for`},
		"merged in itself":  {"a: &x {<<: *x}\n", `line 1, column 12: "*x" stands within what it stands for`},
		"too many":          {"a: &a [0,0,0,0,0,0,0,0,0,0]\n" + bomb("abcdefgh"), "aliases stand for more than 1000000 values"},
		"list":              {"- a\n", "line 1, column 1: want options, name: value"},
		"word":              {"a\n", "line 1, column 1: want options, name: value"},
		"unknown anchor":    {"a: *b\n", "no YAML: unknown anchor"},
		"broken":            {"a: [", "line 1: no YAML: did not find"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := yamlParser{words: vocabulary{}}.Unmarshal([]byte(row.text))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}

// bomb returns a document in which each name stands for ten of the name before.
func bomb(names string) (text string) {
	for i, name := range names[1:] {
		text += string(name) + ": &" + string(name) + " [" + strings.Repeat("*"+names[i:i+1]+", ", 10) + "]\n"
	}
	return text
}

// Any text is either read or refused, and what is read without a fault is what the decoder reads, where both can be
// compared.
func FuzzReadYAML(f *testing.F) {
	for _, seed := range []string{"a: 1\n---\nb: 2\n", "a: &x {b: 1}\nc: {<<: *x}\n", "a: &x [*x]\n", "? [a]\n: b\n", "a: !t b\n", "{a: 01}", "<<: 5", "*a : b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := yamlParser{words: vocabulary{}}.Unmarshal([]byte(text))
		if err != nil || strings.ContainsAny(text, "-:<!") && strings.Contains(text, "---") {
			return
		}
		var want any
		if yaml.Unmarshal([]byte(text), &want) != nil {
			return // stricter about keys within what no option has
		}
		if m, ok := want.(map[string]any); ok && len(got) > len(m) {
			t.Errorf("%q: got %v, the decoder %v", text, got, m)
		}
	})
}
