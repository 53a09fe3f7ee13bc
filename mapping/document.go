package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is a JSON text, with the place of each value in it.
type document struct {
	text  string
	value any    // as encoding/json has it
	whole *place // the place of value, with those of all values below it
}

// place is the position of a value in a document. Its pointer is built from the places above it: storing a pointer with
// each place would store a long key once for every value below it.
type place struct {
	at    int    // offset in bytes; a member's place is that of its key
	above *place // nil for the whole document
	key   string
	below map[string]*place
}

// under returns the place of a member or an element. If the document has no such place, the result has no offset.
func (p *place) under(key string) *place {
	if below := p.below[key]; below != nil {
		return below
	}
	return &place{above: p, key: key}
}

// item returns the place of element i of a list.
func (p *place) item(i int) *place { return p.under(strconv.Itoa(i)) }

// add adds the place of a member or an element, and returns it.
func (p *place) add(key string, at int) *place {
	if p.below == nil {
		p.below = make(map[string]*place)
	}
	below := &place{at: at, above: p, key: key}
	p.below[key] = below
	return below
}

// pointer returns the JSON pointer (RFC 6901), in which each key is shortened so that it fits into a line of a log.
func (p *place) pointer() string {
	if p.above == nil {
		return ""
	}
	return p.above.pointer() + "/" + strings.ReplaceAll(strings.ReplaceAll(short(p.key), "~", "~0"), "/", "~1")
}

// placeDepth is the depth down to which places are stored. Nothing in a map file is deeper than /action/map/LIGHT_ON/0.
// Without a bound, a file of brackets would fill the memory with places.
const placeDepth = 4

// parseDocument reads text. It reports text that is not JSON, and repeated members, of which the first counts.
func parseDocument(text string, r *report) (*document, bool) {
	if i := invalidUTF8(text); i >= 0 {
		r.fault(&place{at: i}, errNotUTF8)
		return nil, false
	}
	if err := json.Unmarshal([]byte(text), new(any)); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(max(syntax.Offset-1, 0)) // Offset is behind the faulty byte
		}
		r.fault(&place{at: at}, fmt.Errorf("not JSON: %w", err))
		return nil, false
	}
	d := &document{text: text, whole: new(place)}
	d.value = d.read(json.NewDecoder(strings.NewReader(text)), d.whole, 0, r)
	return d, true
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1 if all are.
func invalidUTF8(text string) int {
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

// read reads one value from dec. It ignores errors, since the text is valid JSON.
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

// rest reads one value from dec, of any depth, without storing places.
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
