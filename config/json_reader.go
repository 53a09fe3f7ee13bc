package config

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/internal/files"
)

// jsonParser reads a JSON object in which no member is there twice: encoding/json takes the last. Whole numbers keep all their
// digits up to 64 bits.
type jsonParser struct {
	readOnly
	words vocabulary
}

// Unmarshal returns the options of the object in text.
func (p jsonParser) Unmarshal(text []byte) (map[string]any, error) {
	if err := json.Unmarshal(text, new(json.RawMessage)); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(max(syntax.Offset-1, 0)) // Offset is behind the byte that it complains of
		}
		line, column := files.Position(text, min(at, len(text)))
		return nil, faultAt(line, column, "no JSON: %v", err)
	}
	r := newJSONReader(text, p.words)
	at := r.place(r.next())
	raw, ok := r.read().(map[string]any)
	if !ok && r.faults == nil {
		r.faultf(at, "want an object of options")
	}
	return raw, errors.Join(r.faults...)
}

// jsonReader goes through a text that is known to be JSON.
type jsonReader struct {
	words  vocabulary
	text   string
	in     *json.Decoder
	at     int // the latest offset that place was called with
	spot       // the place of at
	faults []error
}

func newJSONReader(text []byte, words vocabulary) *jsonReader {
	r := &jsonReader{words: words, text: string(text), spot: spot{1, 1}}
	r.in = json.NewDecoder(strings.NewReader(r.text))
	r.in.UseNumber()
	return r
}

// place returns line and column of an offset, which is not below that of an earlier call.
func (r *jsonReader) place(at int) spot {
	passed := r.text[r.at:at]
	if end := strings.LastIndexByte(passed, '\n'); end >= 0 {
		r.line += strings.Count(passed, "\n")
		r.column, passed = 1, passed[end+1:]
	}
	r.column += utf8.RuneCountInString(passed)
	r.at = at
	return r.spot
}

func (r *jsonReader) faultf(at spot, format string, args ...any) {
	r.faults = append(r.faults, faultAt(at.line, at.column, format, args...))
}

// next returns the offset at which the next token begins.
func (r *jsonReader) next() int {
	at := int(r.in.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *jsonReader) read() any {
	at := r.next()
	token, _ := r.in.Token() // no error: the text is known to be JSON
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return r.object()
		}
		list := []any{}
		for r.in.More() {
			list = append(list, r.read())
		}
		_, _ = r.in.Token()
		return list
	case string:
		return r.words.word(token)
	case json.Number:
		return r.number(at, token.String())
	default:
		return token
	}
}

func (r *jsonReader) object() map[string]any {
	m, lines := map[string]any{}, map[string]int{}
	for r.in.More() {
		at := r.place(r.next())
		token, _ := r.in.Token()
		key, _ := token.(string)
		value := r.read()
		if first, twice := lines[key]; twice {
			r.faultf(at, "key %q is in line %d already", key, first)
			continue
		}
		lines[key] = at.line
		m[r.words.word(key).(string)] = value
	}
	_, _ = r.in.Token()
	return m
}

// number returns an int, or a uint64, for a number that is written as a whole one: a float64 would lose digits.
func (r *jsonReader) number(at int, digits string) any {
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		r.faultf(r.place(at), "a number larger than can be counted")
		return nil
	}
	return f
}
