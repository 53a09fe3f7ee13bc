package config

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"
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
