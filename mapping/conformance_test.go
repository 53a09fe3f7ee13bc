package mapping_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// conformanceCases is the number of cases in testdata/cases.jsonl, so that no case gets lost unnoticed.
const conformanceCases = 777

// conformanceCase is a line of testdata/cases.jsonl; see the README there.
type conformanceCase struct {
	Dir     string                `json:"dir"`
	Map     string                `json:"map"`
	Topic   string                `json:"topic"`
	Payload string                `json:"payload"`
	Msg     *messages.InternalMsg `json:"msg"`
	Echo    bool                  `json:"echo"`
	Error   bool                  `json:"error"`
}

func TestConformance(t *testing.T) {
	codecs := conformanceCodecs(t)
	data, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		var c conformanceCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		codec := codecs[c.Map]
		if codec == nil {
			t.Fatalf("line %d: no map %q", n, c.Map)
		}
		if problem := c.run(codec); problem != "" {
			t.Errorf("line %d: %s\n%s", n, problem, lines.Bytes())
			continue
		}
		held++
	}
	if held != conformanceCases {
		t.Errorf("%d cases held, want %d", held, conformanceCases)
	}
}

// run returns the difference between the codec's result and the case, or "" if there is none.
func (c conformanceCase) run(codec *mapping.Codec) string {
	switch c.Dir {
	case "in":
		msg, echo, err := codec.Decode(c.Topic, c.Payload)
		switch {
		case c.Error && err == nil:
			return "decoded as " + msg.String() + ", want an error"
		case c.Error:
			return ""
		case err != nil:
			return err.Error()
		case !msg.Equal(*c.Msg):
			return "decoded as " + msg.String() + ", want " + c.Msg.String()
		case echo != c.Echo:
			return "echo or not the wrong way"
		}
		return ""
	case "out":
		topic, payload, err := codec.Encode(*c.Msg)
		switch {
		case c.Error && err == nil:
			return "encoded as " + topic + " " + payload + ", want an error"
		case c.Error:
			return ""
		case err != nil:
			return err.Error()
		case topic != c.Topic || !samePayload(payload, c.Payload):
			return "encoded as " + topic + " " + payload
		}
		return ""
	}
	return "unknown dir " + c.Dir
}

// samePayload compares payloads that begin with a brace as JSON.
func samePayload(got, want string) bool {
	if !strings.HasPrefix(want, "{") {
		return got == want
	}
	g, gotErr := messages.ParseValue(got)
	w, wantErr := messages.ParseValue(want)
	return gotErr == nil && wantErr == nil && g.Equal(w)
}

// conformanceCodecs returns a codec for each map in testdata/maps.json.
func conformanceCodecs(t testing.TB) map[string]*mapping.Codec {
	t.Helper()
	data, err := os.ReadFile("testdata/maps.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]json.RawMessage
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	codecs := make(map[string]*mapping.Codec)
	for name, text := range files {
		codecs[name] = newCodec(t, "dummy2mqtt", string(text))
	}
	return codecs
}

// newCodec returns the codec of a map file, which must have no fault.
func newCodec(t testing.TB, name, text string) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Parse([]byte(text))
	if err != nil {
		t.Fatalf("map file: %v", err)
	}
	codec, err := mapping.New(name, file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}
