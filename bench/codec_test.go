package bench

import (
	"fmt"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// words is a map of all eight vocabularies.
const words = `{
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

const topic = "home/lighting/dummy/kitchen/spot/phone/C"

// payloads are a payload without arguments, and one with two.
var payloads = []string{`{"action":"dim"}`, `{"action":"dim","level":42,"speed":"fast"}`}

func newCodec(b *testing.B) *mapping.Codec {
	file, _, err := mapping.Parse([]byte(words))
	if err != nil {
		b.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		b.Fatal(err)
	}
	return codec
}

func BenchmarkDecode(b *testing.B) {
	codec := newCodec(b)
	for n, payload := range payloads {
		b.Run(fmt.Sprintf("args=%d", 2*n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := codec.Decode(topic, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	codec := newCodec(b)
	for n, payload := range payloads {
		b.Run(fmt.Sprintf("args=%d", 2*n), func(b *testing.B) {
			msg, _, err := codec.Decode(topic, payload)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := codec.Encode(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeRouteEncode measures what the mapper computes for a command and the status that answers it.
func BenchmarkDecodeRouteEncode(b *testing.B) {
	codec := newCodec(b)
	var index routing.Index
	index.Add(0, &routing.Answers{Location: []string{"Kitchen"}, Device: []string{"Spot"}})
	for i := 1; i < 16; i++ {
		index.Add(i, &routing.Answers{Location: []string{fmt.Sprint("room", i)}, Device: []string{fmt.Sprint("device", i)}})
	}
	for n, payload := range payloads {
		b.Run(fmt.Sprintf("args=%d", 2*n), func(b *testing.B) {
			var found []int
			b.ReportAllocs()
			for b.Loop() {
				msg, _, err := codec.Decode(topic, payload)
				if err != nil {
					b.Fatal(err)
				}
				if found = index.Find(msg.Address(), found[:0]); len(found) != 1 {
					b.Fatalf("found %v, want one device", found)
				}
				if _, _, err := codec.Encode(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
