package config

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"go.yaml.in/yaml/v3"
)

func TestVocabulary(t *testing.T) {
	item := func() any {
		return map[string]any{
			strings.Clone("name"): strings.Clone("lamp"), "params": map[string]any{strings.Clone("port"): strings.Clone("lamp")},
			"list": []any{strings.Clone("lamp"), 1, nil}, "retain": true,
		}
	}
	shared, same := vocabulary{}.share([]any{item(), item()}).([]any)
	if !same || !reflect.DeepEqual(shared, []any{item(), item()}) {
		t.Fatalf("changed to %v", shared)
	}
	kept := map[*byte]bool{}
	var look func(value any)
	look = func(value any) {
		switch value := value.(type) {
		case string:
			kept[unsafe.StringData(value)] = true
		case []any:
			for _, item := range value {
				look(item)
			}
		case map[string]any:
			for key, item := range value {
				look(key)
				look(item)
			}
		}
	}
	look(shared)
	if want := len([]string{"name", "lamp", "params", "port", "list", "retain"}); len(kept) != want {
		t.Errorf("%d words are kept, want %d", len(kept), want)
	}
}

// What is read the short way is what the parser makes of it.
func TestReadYAML(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		ok   bool
	}{
		"all kinds": {`
text: a
quoted: "1"
block: |
  two
  lines
numbers: [1, -2, 0x10, 1.5, 1e3, .inf, 123456789012345678901234567890]
words: [true, yes, on, null, ~, 2026-01-02, 12:30, 0s]
nothing:
empty: [{}, [], ""]
tagged: !!str 12
float: !!float 1
bytes: !!binary aGk=
"on": {deep: [{er: [x]}]}
`, true},
		"anchor":           {"a: &x {b: 1}\nc: *x\n", false},
		"merge":            {"a: &x {b: 1}\nc: {<<: *x}\n", false},
		"number as key":    {"a: {1: b}\n", false},
		"key twice":        {"a: 1\na: 2\n", false},
		"key twice, below": {"a: [{b: 1, b: 1}]\n", false},
		"set":              {"a: !!set {b, c}\n", false},
		"not a number":     {"a: !!int b\n", false},
		"a list":           {"- a\n", false},
		"empty":            {"", false},
		"broken":           {"a: [", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := vocabulary{}.readYAML([]byte(row.text))
			if ok != row.ok {
				t.Fatalf("read %v, want %v", ok, row.ok)
			}
			if !ok {
				return
			}
			var want map[string]any
			if err := yaml.Unmarshal([]byte(row.text), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %#v\nwant %#v", got, want)
			}
		})
	}
}
