package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is a JSON text with the place of each value.
type document struct {
	text  string
	value any    // as encoding/json has it
	whole *place // where value and all below it stand
}

// place is where a value stands in a document. Its pointer is put together from the places above: pointers written out for each
// place would repeat a long key for every value below.
type place struct {
	at    int    // offset in bytes; the place of a member is that of its key
	above *place // nil for the whole document
	key   string
	below map[string]*place
}

// under returns the place of a member or an element; without an offset if the document has none.
func (p *place) under(key string) *place {
	if below := p.below[key]; below != nil {
		return below
	}
	return &place{above: p, key: key}
}

// item returns the place of element i of a list.
func (p *place) item(i int) *place { return p.under(strconv.Itoa(i)) }

// add notes the place of a member or an element, and returns it.
func (p *place) add(key string, at int) *place {
	if p.below == nil {
		p.below = make(map[string]*place)
	}
	below := &place{at: at, above: p, key: key}
	p.below[key] = below
	return below
}

// pointer returns the JSON pointer (RFC 6901), each key shortened to fit a line of a log.
func (p *place) pointer() string {
	if p.above == nil {
		return ""
	}
	return p.above.pointer() + "/" + strings.ReplaceAll(strings.ReplaceAll(short(p.key), "~", "~0"), "/", "~1")
}

// placeDepth is down to which level places are noted. Nothing in a map file is deeper than /action/map/LIGHT_ON/0. Without a
// bound, a file of brackets would fill the memory with places.
const placeDepth = 4

// parseDocument reads text, and reports bytes that are no JSON and members that are there twice, of which the first counts.
func parseDocument(text string, r *report) (*document, bool) {
	if i := invalidUTF8(text); i >= 0 {
		r.fault(&place{at: i}, errNotUTF8)
		return nil, false
	}
	if err := json.Unmarshal([]byte(text), new(any)); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(max(syntax.Offset-1, 0)) // Offset is that of the byte behind the fault
		}
		r.fault(&place{at: at}, fmt.Errorf("not JSON: %w", err))
		return nil, false
	}
	d := &document{text: text, whole: new(place)}
	d.value = d.read(json.NewDecoder(strings.NewReader(text)), d.whole, 0, r)
	return d, true
}

// invalidUTF8 returns the offset of the first byte that is no UTF-8, -1 if all are.
func invalidUTF8(text string) int {
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

// read takes one value from dec. It ignores errors: the text is known to be JSON.
func (d *document) read(dec *json.Decoder, p *place, depth int, r *report) any {
	if depth == placeDepth {
		return rest(dec)
	}
	token, _ := dec.Token()
	switch token {
	case json.Delim('{'):
		object := make(map[string]any)
		for dec.More() {
			at := d.next(dec)
			name, _ := dec.Token()
			key, _ := name.(string)
			if first, ok := p.below[key]; ok {
				r.fault(&place{at: at, above: p, key: key}, fmt.Errorf("is there twice, first at %s", r.position(first)))
				rest(dec)
				continue
			}
			object[key] = d.read(dec, p.add(key, at), depth+1, r)
		}
		_, _ = dec.Token()
		return object
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			item := p.add(strconv.Itoa(len(list)), d.next(dec))
			list = append(list, d.read(dec, item, depth+1, r))
		}
		_, _ = dec.Token()
		return list
	}
	return token
}

// rest takes one value from dec, however deep, and notes no places.
func rest(dec *json.Decoder) any {
	var v any
	_ = dec.Decode(&v)
	return v
}

// next returns the offset at which the next token begins.
func (d *document) next(dec *json.Decoder) int {
	behind := d.text[dec.InputOffset():]
	return len(d.text) - len(strings.TrimLeft(behind, " \t\r\n,:"))
}
