package mapping_test

import (
	"testing"
)

// benchMap maps all eight vocabularies.
const benchMap = `{
	"root": "home", "topics": ["home/#"],
	"function": {"maptype": "strict", "map": {"Lighting": ["lighting"], "AudioVideo": ["audiovideo"], "Security": ["security"]}},
	"gateway": {"maptype": "strict", "map": {"Dummy": ["dummy"], "Other": ["other"]}},
	"location": {"maptype": "strict", "map": {"Kitchen": ["kitchen"], "Office": ["office"], "DiningRm": ["dining_room"]}},
	"device": {"maptype": "strict", "map": {"Spot": ["spot"], "Track": ["track"]}},
	"sender": {"maptype": "strict", "map": {"Phone": ["phone"], "Wall": ["wall"]}},
	"action": {"maptype": "strict", "map": {"LIGHT_ON": ["light_on"], "LIGHT_OFF": ["light_off"], "DIM": ["dim"]}},
	"argkey": {"maptype": "strict", "map": {"Level": ["level"], "Speed": ["speed"]}},
	"argvalue": {"maptype": "loose", "map": {"FULL": ["full"], "FAST": ["fast"]}}
}`

const benchTopic = "home/lighting/dummy/kitchen/spot/phone/C"

const benchPayload = `{"action":"dim","level":42,"speed":"fast"}`

func BenchmarkDecode(b *testing.B) {
	c := newCodec(b, "gw", benchMap)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Decode(benchTopic, benchPayload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	c := newCodec(b, "gw", benchMap)
	msg, _, err := c.Decode(benchTopic, benchPayload)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Encode(msg); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRelay measures the translation of a message that passes through the gateway in both directions.
func BenchmarkRelay(b *testing.B) {
	c := newCodec(b, "gw", benchMap)
	b.ReportAllocs()
	for b.Loop() {
		msg, _, err := c.Decode(benchTopic, benchPayload)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.Encode(msg); err != nil {
			b.Fatal(err)
		}
	}
}
