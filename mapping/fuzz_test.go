package mapping_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// fuzzCodecs returns the codecs of all maps in the tests, in a fixed order.
func fuzzCodecs(t testing.TB) []*mapping.Codec {
	conformance := conformanceCodecs(t)
	return []*mapping.Codec{
		conformance["nomap"], conformance["dummy"], conformance["alias"], conformance["strictargs"],
		newCodec(t, "gw", benchMap), newCodec(t, "gw", keysMap), plainCodec(t, "a/b"), plainCodec(t, ""),
	}
}

// FuzzDecode checks that decoding, encoding and decoding again returns the same message.
func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	which := map[string]uint8{"nomap": 0, "dummy": 1, "alias": 2, "strictargs": 3}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var c conformanceCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			f.Fatal(err)
		}
		if c.Dir == "in" {
			f.Add(which[c.Map], c.Topic, c.Payload)
		}
	}
	f.Add(uint8(4), benchTopic, benchPayload)
	f.Add(uint8(6), "x/y/f/g/l/d/s/S", `{"action":"{","response":"OK","id":1e400}`)
	codecs := fuzzCodecs(f)
	f.Fuzz(func(t *testing.T, which uint8, topic string, payload string) {
		c := codecs[int(which)%len(codecs)]
		msg, echo, err := c.Decode(topic, payload)
		explained := c.Explain(topic, payload)
		if explained.Echo != echo || (explained.Err == nil) != (err == nil) || !explained.Message.Equal(msg) {
			t.Fatalf("decode %q %q: %s, echo %t, %v; explained as %+v", topic, payload, msg, echo, err, explained)
		}
		if err != nil {
			if text := err.Error(); strings.Contains(text, "\n") || !utf8.ValidString(text) {
				t.Fatalf("decode %q %q: the error is no line of text: %q", topic, payload, text)
			}
			return
		}
		topic2, payload2, err := c.Encode(msg)
		if err != nil {
			// Not every received message can be sent: a level may contain "+", and a key may be mapped to "action".
			return
		}
		again, _, err := c.Decode(topic2, payload2)
		if msg.Sender() == "" {
			msg = msg.WithSender(c.Name())
		}
		if err != nil || !again.Equal(msg) {
			t.Fatalf("decode %q %q: %s; encoded as %q %q; decoded again: %s, %v", topic, payload, msg, topic2, payload2, again, err)
		}
	})
}

// FuzzEncode checks that encoded messages have the form of a message, and mean the same to a gateway without maps.
func FuzzEncode(f *testing.F) {
	f.Add(uint8(0), "f", "g", "l", "d", "s", "on", "key", `"value"`)
	f.Add(uint8(2), "Security", "cbus", "gate_entry", "Gate", "", "GATE_OPEN", "power", `"ON"`)
	f.Add(uint8(3), "", "", "", "", "me", "{", "id", `null`)
	f.Add(uint8(4), "Lighting", "Dummy", "Kitchen", "Spot", "Phone", "DIM", "Level", `1e400`)
	f.Add(uint8(0), "", "", "", "", "me", "", "level", `1`)
	for which := range uint8(6) { // what the maps and the gateways are called
		for _, sender := range []string{"", "gw", "me", "dummy2mqtt", "Phone", "ph"} {
			f.Add(which, "", "", "", "", sender, "on", "level", `1`)
		}
	}
	codecs := fuzzCodecs(f)
	f.Fuzz(func(t *testing.T, which uint8, function, gateway, location, device, sender, action, key, literal string) {
		c := codecs[int(which)%len(codecs)]
		to := messages.Address{Function: function, Gateway: gateway, Location: location, Device: device}
		msg := messages.New(messages.Status, to, action).WithSender(sender)
		if value, err := messages.ParseValue(literal); err == nil {
			msg = msg.WithArg(key, value)
		}
		topic, payload, err := c.Encode(msg)
		if err != nil {
			return
		}
		if strings.ContainsAny(topic, "+#\x00") || !utf8.ValidString(topic) || !utf8.ValidString(payload) || payload == "" {
			t.Fatalf("encode %s: %q %q", msg, topic, payload)
		}
		if _, echo, _ := c.Decode(topic, payload); echo != c.Signs(sender) {
			t.Fatalf("encode %s: %q %q; an echo %t, signed %t", msg, topic, payload, echo, c.Signs(sender))
		}
		if action == "" {
			if v, err := messages.ParseValue(payload); err != nil || v.Kind() != messages.Object || msg.NumArgs() == 0 {
				t.Fatalf("encode %s: %q %q, %v", msg, topic, payload, err)
			}
			return // no gateway accepts it
		}
		out, _, err := plainCodec(t, c.Root()).Decode(topic, payload)
		if err != nil || out.Type() != messages.Status || out.NumArgs() != msg.NumArgs() {
			t.Fatalf("encode %s: %q %q, read as %s, %v", msg, topic, payload, out, err)
		}
	})
}

// FuzzParse checks that Parse panics over no file, that each fault has a place in the file, and that a file without
// faults makes a working codec.
func FuzzParse(f *testing.F) {
	f.Add(mapping.Example())
	f.Add([]byte(benchMap))
	f.Add([]byte(rulesMap))
	f.Add([]byte(`{"root": "#", "topics": ["x#"], "action": {"maptype": "lose"}, "device": {"maptype": "strict", "map": {"A": "a", "B": []}}}`))
	f.Add([]byte(`{"root":[[[[[[{"a":1,"a":2}]]]]]],"topics":{"a":{"a":{"a":{"a":{},"a":[]}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, warnings, err := mapping.Parse(text)
		faults := warnings
		if err != nil {
			for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
				faults = append(faults, fault.(*mapping.Fault))
			}
		}
		for _, fault := range faults {
			if strings.Contains(fault.Error(), "\n") || len(text) > 0 && (fault.Line < 1 || fault.Column < 1) {
				t.Fatalf("parse %q: %+v", text, fault)
			}
		}
		if err != nil {
			return
		}
		c, err := mapping.New("gw", file)
		if err != nil {
			t.Fatal(err)
		}
		topic, payload, err := c.Encode(messages.New(messages.Command, messages.Address{}, "on"))
		if err != nil {
			return
		}
		if _, echo, _ := c.Decode(topic, payload); !echo {
			t.Fatalf("parse %q: %q %q is no echo", text, topic, payload)
		}
	})
}
