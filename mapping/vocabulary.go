package mapping

import "github.com/mqttgateway/mqttgateway/messages"

// Maptype says what becomes of a keyword that a map lacks.
type Maptype string

// The maptypes.
const (
	None   Maptype = "none"   // there is no map: it passes unchanged
	Loose  Maptype = "loose"  // it passes unchanged
	Strict Maptype = "strict" // the message is refused
)

var maptypes = []string{string(None), string(Loose), string(Strict)}

// The eight vocabularies, in the order of the wire.
const (
	function = iota
	gateway
	location
	device
	sender
	action
	argkey
	argvalue
	vocabularies
)

var vocabularyNames = [vocabularies]string{
	"function", "gateway", "location", "device", "sender", "action", "argkey", "argvalue",
}

// Verdict says by which rule a keyword became what it is.
type Verdict string

// The verdicts.
const (
	Mapped   Verdict = "mapped"       // listed in the map
	Passed   Verdict = "passed"       // not listed, and the maptype lets it pass
	Empty    Verdict = "empty"        // empty keywords pass every map
	Protocol Verdict = "protocol key" // keys of the protocol, and their values, pass maps that do not list them
	Own      Verdict = "own name"     // the gateway's name needs no map
	Refused  Verdict = "refused"
)

// vocabulary is the map of one characteristic. The zero vocabulary lets everything pass.
type vocabulary struct {
	maptype  Maptype // "" is None
	inward   table   // by MQTT keyword
	outward  table   // by internal keyword
	protocol bool    // the keywords are argument keys
}

type table map[string]keyword

// keyword is what a table translates to.
type keyword struct {
	text  string
	value messages.Value // text as an argument's value
}

func newKeyword(text string) keyword { return keyword{text, messages.TextValue(text)} }

// find returns the translation of word by t, one of v's two tables, or word itself, and why.
func (v *vocabulary) find(t table, word string) (keyword, Verdict) {
	if word == "" {
		return keyword{}, Empty
	}
	if k, ok := t[word]; ok {
		return k, Mapped
	}
	if v.maptype != Strict {
		return keyword{text: word}, Passed
	}
	if v.protocol && messages.IsProtocolKey(word) && !v.lists(word) {
		return keyword{text: word}, Protocol
	}
	return keyword{text: word}, Refused
}

// lists tells whether word stands on either side of the map.
func (v *vocabulary) lists(word string) bool {
	_, in := v.inward[word]
	_, out := v.outward[word]
	return in || out
}

var emptyText = messages.TextValue("")

// findValue is find for the value of the argument whose internal key is key.
func (v *vocabulary) findValue(t table, key string, value messages.Value) (messages.Value, Verdict) {
	if value.Kind() == messages.Null {
		return emptyText, Empty
	}
	verdict := Passed
	if text, ok := value.Text(); !ok {
		if v.maptype == Strict {
			verdict = Refused
		}
	} else if key == messages.ArgID {
		verdict = Protocol
	} else {
		var k keyword
		if k, verdict = v.find(t, text); verdict == Mapped {
			return k.value, Mapped
		}
	}
	if verdict == Refused && messages.IsProtocolKey(key) {
		verdict = Protocol
	}
	return value, verdict
}
