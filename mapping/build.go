package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mqttgateway/mqttgateway/topic"
)

// vocabulary makes vocabulary v from its object in the file.
func (b *builder) vocabulary(v int, object map[string]any) vocabulary {
	at := b.document.whole.under(vocabularyNames[v]).under("map")
	maptype, _ := object["maptype"].(string)
	entries, ok := object["map"].(map[string]any)
	switch {
	case maptype == string(None):
		if len(entries) > 0 {
			b.report.warn(at, errors.New("not used, for the maptype is none"))
		}
		return vocabulary{}
	case ok && len(entries) == 0:
		b.report.warn(at, fmt.Errorf("empty, and so the maptype %q counts as none", short(maptype)))
		return vocabulary{}
	}
	result := vocabulary{
		maptype:  Maptype(maptype),
		inward:   make(table, len(entries)),
		outward:  make(table, len(entries)),
		protocol: v == argkey,
	}
	listed := make(map[string]alias)
	for _, word := range inFileOrder(entries, at) {
		list, _ := entries[word].([]any)
		place, inward := at.under(word), newKeyword(word)
		if v == argkey && word == "action" {
			b.report.warn(place, errAction)
		}
		for i, entry := range list {
			mqtt, ok := entry.(string)
			if !ok {
				continue
			}
			a := alias{word, place.item(i)}
			if first, twice := listed[mqtt]; twice {
				b.report.fault(a.place, fmt.Errorf("the MQTT keyword %q is listed twice, first for %q at %s",
					short(mqtt), short(first.word), b.report.position(first.place)))
				continue
			}
			listed[mqtt] = a
			b.checkAlias(v, mqtt, a)
			result.inward[mqtt] = inward
			if i == 0 {
				result.outward[word] = newKeyword(mqtt)
			}
		}
	}
	return result
}

// alias is an MQTT keyword's place in the map.
type alias struct {
	word  string // the internal keyword
	place *place
}

var errAction = errors.New(`an argument can't be called "action", on either side: messages with it are refused`)

// checkAlias reports an MQTT keyword that cannot be written, or that is never looked up.
func (b *builder) checkAlias(v int, mqtt string, a alias) {
	if v <= sender {
		if err := topic.CheckLevel(mqtt); err != nil {
			b.report.fault(a.place, fmt.Errorf("%q: %w", short(mqtt), err))
		}
	}
	if mqtt == "" && a.word != "" {
		b.report.warn(a.place, fmt.Errorf("empty keywords are never looked up: %q is not what one becomes", short(a.word)))
	}
	if v == argkey && mqtt == "action" {
		b.report.warn(a.place, errAction)
	}
}

// inFileOrder returns the keys of an object in the order in which they stand in the file. at is the object's place.
func inFileOrder(object map[string]any, at *place) []string {
	return slices.SortedFunc(maps.Keys(object), func(x, y string) int {
		return cmp.Compare(at.under(x).at, at.under(y).at)
	})
}
