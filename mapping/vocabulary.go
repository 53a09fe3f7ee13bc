package mapping

import "github.com/mqttgateway/mqttgateway/messages"

// Maptype is the rule for keywords that a map does not list.
type Maptype string

// The maptypes.
const (
	None   Maptype = "none"   // there is no map: the keyword passes unchanged
	Loose  Maptype = "loose"  // the keyword passes unchanged
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

// Verdict is the rule by which a keyword was translated or refused.
type Verdict string

// The verdicts.
const (
	Mapped   Verdict = "mapped"       // the map lists the keyword
	Passed   Verdict = "passed"       // the map does not list the keyword, and the maptype lets it pass
	Empty    Verdict = "empty"        // empty keywords pass every map
	Protocol Verdict = "protocol key" // a key of the protocol, or its value, that the map does not list
	Own      Verdict = "own name"     // the gateway's own name passes every map
	Refused  Verdict = "refused"      // the map does not list the keyword, and is strict
)

// vocabulary is the map of one characteristic. The zero vocabulary passes every keyword.
type vocabulary struct {
	maptype  Maptype // "" is None
	inward   table   // by MQTT keyword
	outward  table   // by internal keyword
	protocol bool    // the keywords are argument keys, among which those of the protocol pass
}

// table holds the translations of one direction.
type table map[string]keyword

// keyword is a translated word.
type keyword struct {
	text  string
	value messages.Value // text as the value of an argument, made once
}

func newKeyword(text string) keyword { return keyword{text, messages.TextValue(text)} }

// find looks word up in t, one of v's two tables. It returns the translation, or word itself, and the rule that
// applies.
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

// lists reports whether word is on either side of the map.
func (v *vocabulary) lists(word string) bool {
	_, in := v.inward[word]
	_, out := v.outward[word]
	return in || out
}

// findValue is find for the value of an argument. key is the internal key of the argument. A null stays null.
func (v *vocabulary) findValue(t table, key string, value messages.Value) (messages.Value, Verdict) {
	if value.Kind() == messages.Null {
		return value, Empty
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
