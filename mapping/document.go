package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is a JSON text of which is known where everything stands.
type document struct {
	text   string
	value  any            // as encoding/json has it
	places map[string]int // offsets in bytes, by JSON pointer; of a member, that of its key
}

// placeDepth is how deep places are kept: nothing in a map file is deeper than /action/map/LIGHT_ON/0. Without a
// bound a file of brackets would fill the memory with pointers.
const placeDepth = 4

// parseDocument reads text, and reports if that is not JSON or has a member twice. Of such the first counts.
func parseDocument(text string, r *report) (*document, bool) {
	if i := invalidUTF8(text); i >= 0 {
		r.fault(i, "", errNotUTF8)
		return nil, false
	}
	if err := json.Unmarshal([]byte(text), new(any)); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(max(syntax.Offset-1, 0)) // Offset is behind the byte it complains of
		}
		r.fault(at, "", fmt.Errorf("not JSON: %w", err))
		return nil, false
	}
	d := &document{text: text, places: map[string]int{"": 0}}
	d.value = d.read(json.NewDecoder(strings.NewReader(text)), "", 0, r)
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

// read takes one value from dec. Errors are left aside, for the text is known to be valid.
func (d *document) read(dec *json.Decoder, pointer string, depth int, r *report) any {
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
			place := join(pointer, key)
			if first, ok := d.places[place]; ok {
				r.fault(at, place, fmt.Errorf("is there twice, first at %s", r.position(first)))
				rest(dec)
				continue
			}
			d.places[place] = at
			object[key] = d.read(dec, place, depth+1, r)
		}
		_, _ = dec.Token()
		return object
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			place := join(pointer, strconv.Itoa(len(list)))
			d.places[place] = d.next(dec)
			list = append(list, d.read(dec, place, depth+1, r))
		}
		_, _ = dec.Token()
		return list
	}
	return token
}

// rest takes one value from dec, however deep, without keeping its places.
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

// join appends a step to a JSON pointer (RFC 6901).
func join(pointer, key string) string {
	return pointer + "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
