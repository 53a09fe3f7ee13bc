package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// checkShape reports each value in d that does not belong into a map file: one of the wrong type, an unknown key, a missing key.
// map.schema.json tells editors the same, and a test compares the two.
func checkShape(d *document, r *report) {
	file, ok := as[map[string]any](d.value, d.whole, r)
	if !ok {
		return
	}
	for _, key := range []string{"root", "topics"} {
		if _, given := file[key]; !given {
			r.fault(d.whole, missing(key))
		}
	}
	for key, value := range file {
		at := d.whole.under(key)
		switch {
		case key == "$schema", key == "root":
			as[string](value, at, r)
		case key == "topics":
			checkStrings(value, at, r)
		case slices.Contains(vocabularyNames[:], key):
			checkVocabulary(value, at, r)
		default:
			r.fault(at, unknownKey(key, append([]string{"root", "topics"}, vocabularyNames[:]...)))
		}
	}
}

func checkVocabulary(value any, at *place, r *report) {
	vocabulary, ok := as[map[string]any](value, at, r)
	if !ok {
		return
	}
	known := []string{"maptype", "map"}
	for key := range vocabulary {
		if !slices.Contains(known, key) {
			r.fault(at.under(key), unknownKey(key, known))
		}
	}
	maptype, given := vocabulary["maptype"]
	words, mapped := vocabulary["map"]
	text, _ := maptype.(string)
	switch {
	case !given:
		r.fault(at, missing("maptype"))
	case !slices.Contains(maptypes, text):
		r.fault(at.under("maptype"), unknownMaptype(maptype))
	case text == string(None):
		return // nobody looks at the map
	case !mapped:
		r.fault(at, missing("map"))
	}
	if mapped {
		checkWords(words, at.under("map"), r)
	}
}

func checkWords(value any, at *place, r *report) {
	words, _ := as[map[string]any](value, at, r)
	for word, value := range words {
		at := at.under(word)
		if mqtt, ok := value.(string); ok {
			// As in the oldest map files, the whole map is probably the wrong way round.
			r.fault(at, fmt.Errorf("a string, want a list of MQTT keywords: %q: [%q]; "+
				"or is the map the wrong way round? the internal keyword comes first: %q: [%q]", short(word), short(mqtt), short(mqtt), short(word)))
			continue
		}
		if list, ok := checkStrings(value, at, r); ok && len(list) == 0 {
			r.fault(at, errors.New("an empty list, want at least the MQTT keyword to write"))
		}
	}
}

// checkStrings reports a value that is no list, or what in the list is no string.
func checkStrings(value any, at *place, r *report) (list []any, ok bool) {
	list, ok = as[[]any](value, at, r)
	for i, item := range list {
		as[string](item, at.item(i), r)
	}
	return list, ok
}

// as returns value as a T, or reports that the value is of another type.
func as[T any](value any, at *place, r *report) (t T, ok bool) {
	if t, ok = value.(T); !ok {
		r.fault(at, fmt.Errorf("%s, want %s", typeName(value), typeName(t)))
	}
	return t, ok
}

// typeName returns what JSON calls the type of value, with its article.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

func missing(key string) error { return fmt.Errorf("%q is missing", key) }

func unknownKey(key string, known []string) error {
	return fmt.Errorf("unknown key%s", suggestion(key, known))
}

func unknownMaptype(got any) error {
	text, ok := got.(string)
	if !ok {
		return errors.New("want none, loose or strict, as a string")
	}
	return fmt.Errorf("unknown maptype %q%s", short(text), suggestion(text, maptypes))
}

// suggestion returns the word of known that was probably meant, or else all of them.
func suggestion(word string, known []string) string {
	if meant := wording.DidYouMean(short(word), known); meant != "" {
		return meant
	}
	return ", want one of " + strings.Join(known, ", ")
}
