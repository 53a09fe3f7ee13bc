package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// vocabulary makes the vocabulary v of its object in the file.
func (b *builder) vocabulary(v int, object map[string]any) vocabulary {
	pointer := join("", vocabularyNames[v])
	at := b.document.places[join(pointer, "map")]
	maptype, _ := object["maptype"].(string)
	entries, ok := object["map"].(map[string]any)
	switch {
	case maptype == string(None):
		if len(entries) > 0 {
			b.report.warn(at, join(pointer, "map"), errors.New("not used, for the maptype is none"))
		}
		return vocabulary{}
	case ok && len(entries) == 0:
		b.report.warn(at, join(pointer, "map"), fmt.Errorf("empty, and so the maptype %q counts as none", short(maptype)))
		return vocabulary{}
	}
	result := vocabulary{
		maptype:  Maptype(maptype),
		inward:   make(table, len(entries)),
		outward:  make(table, len(entries)),
		protocol: v == argkey,
	}
	listed := make(map[string]alias)
	for _, word := range b.inOrder(entries, join(pointer, "map")) {
		list, _ := entries[word].([]any)
		place := join(join(pointer, "map"), word)
		if v == argkey && word == "action" {
			b.report.warn(b.document.places[place], place, errAction)
		}
		for i, entry := range list {
			mqtt, ok := entry.(string)
			if !ok {
				continue
			}
			a := alias{word, join(place, strconv.Itoa(i))}
			if first, twice := listed[mqtt]; twice {
				b.report.fault(b.document.places[a.place], a.place, fmt.Errorf("the MQTT keyword %q is listed twice, first for %q at %s",
					short(mqtt), short(first.word), b.report.position(b.document.places[first.place])))
				continue
			}
			listed[mqtt] = a
			b.checkAlias(v, mqtt, a)
			result.inward[mqtt] = newKeyword(word)
			if i == 0 {
				result.outward[word] = newKeyword(mqtt)
			}
		}
	}
	return result
}

// alias is where an MQTT keyword is listed.
type alias struct {
	word  string // the internal keyword
	place string
}

var errAction = errors.New(`an argument can't be called "action", on either side: messages with it are refused`)

// checkAlias reports an MQTT keyword that can't do what it is listed for.
func (b *builder) checkAlias(v int, mqtt string, a alias) {
	at := b.document.places[a.place]
	if v <= sender {
		if err := checkLevel(mqtt); err != nil {
			b.report.fault(at, a.place, fmt.Errorf("%q: %w", short(mqtt), err))
		}
	}
	if mqtt == "" && a.word != "" {
		b.report.warn(at, a.place, fmt.Errorf("empty keywords are never looked up: %q is not what one becomes", short(a.word)))
	}
	if v == argkey && mqtt == "action" {
		b.report.warn(at, a.place, errAction)
	}
}

// inOrder returns the keys of the object at pointer in the order of the file.
func (b *builder) inOrder(object map[string]any, pointer string) []string {
	return slices.SortedFunc(maps.Keys(object), func(x, y string) int {
		return cmp.Compare(b.document.places[join(pointer, x)], b.document.places[join(pointer, y)])
	})
}
