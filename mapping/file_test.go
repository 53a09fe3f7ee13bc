package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestParseFaults(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // the faults in order
	}{
		"unknown maptype": {
			`{"root": "r", "topics": [], "action": {"maptype": "strikt", "map": {"A": ["a"]}}}`,
			[]string{`1:40: /action/maptype: unknown maptype "strikt"; did you mean strict?`},
		},
		"maptype of another kind": {
			`{"root": "r", "topics": [], "action": {"maptype": 1}}`,
			[]string{`1:40: /action/maptype: want none, loose or strict, as a string`},
		},
		"no maptype": {
			`{"root": "r", "topics": [], "action": {"map": {"A": ["a"]}}}`,
			[]string{`1:29: /action: "maptype" is missing`},
		},
		"alias listed twice": {
			"{\"root\": \"r\", \"topics\": [], \"action\": {\"maptype\": \"loose\", \"map\": {\n  \"B\": [\"b\", \"x\"],\n  \"A\": [\"x\"]}}}",
			[]string{`3:9: /action/map/A/0: the MQTT keyword "x" is listed twice, first for "B" at 2:14`},
		},
		"alias listed twice in one list": {
			`{"root": "r", "topics": [], "action": {"maptype": "loose", "map": {"A": ["x", "x"]}}}`,
			[]string{`1:79: /action/map/A/1: the MQTT keyword "x" is listed twice, first for "A" at 1:74`},
		},
		"empty alias list": {
			`{"root": "r", "topics": [], "action": {"maptype": "strict", "map": {"A": []}}}`,
			[]string{`1:69: /action/map/A: an empty list, want at least the MQTT keyword to write`},
		},
		"missing map": {
			`{"root": "r", "topics": [], "action": {"maptype": "strict"}, "device": {"maptype": "loose"}}`,
			[]string{`1:29: /action: "map" is missing`, `1:62: /device: "map" is missing`},
		},
		"map of another kind": {
			`{"root": "r", "topics": [], "action": {"maptype": "strict", "map": null}}`,
			[]string{`1:61: /action/map: null, want an object`},
		},
		"the wrong way round": {
			`{"root": "r", "topics": [], "action": {"maptype": "strict", "map": {"light_on": "LIGHT_ON"}}}`,
			[]string{`1:69: /action/map/light_on: a string, want a list of MQTT keywords: "light_on": ["LIGHT_ON"]; ` +
				`or is the map the wrong way round? the internal keyword comes first: "LIGHT_ON": ["light_on"]`},
		},
		"alias of another kind": {
			`{"root": "r", "topics": [], "action": {"maptype": "strict", "map": {"A": ["a", 1]}}}`,
			[]string{`1:80: /action/map/A/1: a number, want a string`},
		},
		"unknown keys": {
			`{"root": "r", "topics": [], "functon": {"maptype": "none"}, "comment": "x", "action": {"maptype": "none", "mapp": {}}}`,
			[]string{
				`1:29: /functon: unknown key; did you mean function?`,
				`1:61: /comment: unknown key, want one of root, topics, function, gateway, location, device, sender, action, argkey, argvalue`,
				`1:107: /action/mapp: unknown key; did you mean map?`,
			},
		},
		"no root, no topics": {`{}`, []string{`1:1: "root" is missing`, `1:1: "topics" is missing`}},
		"not an object":      {`["root"]`, []string{`1:1: a list, want an object`}},
		"root of another kind": {
			`{"root": 1, "topics": "home/#"}`,
			[]string{`1:2: /root: a number, want a string`, `1:13: /topics: a string, want a list`},
		},
		"root with a wildcard": {`{"root": "home/+", "topics": []}`, []string{`1:2: /root: "home/+": holds '+', which no level of a topic can`}},
		"bad filters": {
			`{"root": "home", "topics": ["", "home/#/C", "home/a+", "home/#", "a\u0000b", 1]}`,
			[]string{
				`1:29: /topics/0: "": is empty`,
				`1:33: /topics/1: "home/#/C": # must be the last level`,
				`1:45: /topics/2: "home/a+": level "a+": a wildcard stands alone in its level`,
				`1:66: /topics/4: "a\x00b": holds the control character U+0000`,
				`1:78: /topics/5: a number, want a string`,
			},
		},
		"keyword that no topic can hold": {
			`{"root": "r", "topics": [], "location": {"maptype": "loose", "map": {"Garden": ["out/garden", "a+"]}}}`,
			[]string{
				`1:81: /location/map/Garden/0: "out/garden": holds '/', which no level of a topic can`,
				`1:95: /location/map/Garden/1: "a+": holds '+', which no level of a topic can`,
			},
		},
		"sender that no topic can hold": {
			`{"root": "r", "topics": [], "sender": {"maptype": "loose", "map": {"me": ["a/b"]}}, "action": {"maptype": "loose", "map": {"A": ["a/b"]}}}`,
			[]string{`1:75: /sender/map/me/0: "a/b": holds '/', which no level of a topic can`},
		},
		"same key twice": {
			"{\"root\": \"r\", \"topics\": [],\n\"root\": \"s\", \"action\": {\"maptype\": \"loose\", \"map\": {\"A\": [\"a\"], \"A\": [\"b\"]}}}",
			[]string{`2:1: /root: is there twice, first at 1:2`, `2:65: /action/map/A: is there twice, first at 2:53`},
		},
		"place of a key with a slash": {
			`{"root": "r", "topics": [], "action": {"maptype": "loose", "map": {"a/b~\n": []}}}`,
			[]string{`1:68: "/action/map/a~1b~0\n": an empty list, want at least the MQTT keyword to write`},
		},
		"columns count characters": {
			`{"root": "räää", "topics": [1]}`,
			[]string{`1:29: /topics/0: a number, want a string`},
		},
		"not JSON":       {"{\n  \"root\": home\n}", []string{`2:11: not JSON: invalid character 'h' looking for beginning of value`}},
		"cut":            {`{"root": "r"`, []string{`1:12: not JSON: unexpected end of JSON input`}},
		"empty":          {``, []string{`not JSON: unexpected end of JSON input`}},
		"text behind":    {`{"root": "r", "topics": []} x`, []string{`1:29: not JSON: invalid character 'x' after top-level value`}},
		"not UTF-8":      {"{\"root\":\n \"\xff\", \"topics\": []}", []string{`2:3: bytes that are no UTF-8`}},
		"deep brackets":  {`{"root": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `, "topics": []}`, []string{`1:2: /root: a list, want a string`}},
		"U+FFFD is fine": {`{"root": "�", "topics": {}}`, []string{`1:15: /topics: an object, want a list`}},
		"several at once": {
			`{"root": "#", "topics": ["x#"], "action": {"maptype": "lose"}, "device": {"maptype": "strict", "map": {"A": "a", "B": []}}}`,
			[]string{"1:2: /root", "1:26: /topics/0", "1:44: /action/maptype", "1:104: /device/map/A", "1:114: /device/map/B"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, _, err := mapping.Parse([]byte(tt.text))
			if err == nil || f != nil {
				t.Fatalf("parse %.300s: %v, %v; want only an error", tt.text, f, err)
			}
			got := strings.Split(err.Error(), "\n")
			for i, want := range tt.want {
				if i >= len(got) || !strings.HasPrefix(got[i], want) {
					t.Fatalf("parse %.300s\ngot:\n%v\nwant:\n%s", tt.text, err, strings.Join(tt.want, "\n"))
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("parse %.300s: %d faults, want %d:\n%v", tt.text, len(got), len(tt.want), err)
			}
			if _, ok := errors.AsType[*mapping.Fault](err); !ok {
				t.Errorf("parse %.300s: no mapping.Fault in %T", tt.text, err)
			}
		})
	}
}

func TestParseWarnings(t *testing.T) {
	const rest = `, "gateway": {"maptype": "none"}, "location": {"maptype": "none"}, "device": {"maptype": "none"}, "sender": {"maptype": "none"}, "argvalue": {"maptype": "none"}}`
	tests := map[string]struct {
		text string
		want []string
	}{
		"none":                  {`{"root": "r", "topics": ["r/#"], "function": {"maptype": "none"}, "action": {"maptype": "none", "map": {}}, "argkey": {"maptype": "none"}` + rest, nil},
		"schema for editors":    {`{"$schema": "map.schema.json", "root": "r", "topics": ["r/#"], "function": {"maptype": "none"}, "action": {"maptype": "none"}, "argkey": {"maptype": "none"}` + rest, nil},
		"vocabularies left out": {`{"root": "r", "topics": ["r/#"], "function": {"maptype": "none"}` + rest, nil},
		"empty map": {
			`{"root": "r", "topics": ["r/#"], "function": {"maptype": "strict", "map": {}}, "action": {"maptype": "loose", "map": {}}, "argkey": {"maptype": "none"}` + rest,
			[]string{`1:68: /function/map: empty, and so the maptype "strict" counts as none`, `1:111: /action/map: empty, and so the maptype "loose" counts as none`},
		},
		"map with maptype none": {
			`{"root": "r", "topics": ["r/#"], "function": {"maptype": "none", "map": {"old": "OLD"}}, "action": {"maptype": "none"}, "argkey": {"maptype": "none"}` + rest,
			[]string{`1:66: /function/map: not used, for the maptype is none`},
		},
		"topics that bring nothing": {
			`{"root": "r", "topics": ["r/+/C", "r/f/g/l/d/s/C", "a/b/c/d/e/f/g/h/#", "$share/x/r/f/g/l/d/s/C", "+/+/+/+/+/+/+/#"], "function": {"maptype": "none"}, "action": {"maptype": "none"}, "argkey": {"maptype": "none"}` + rest,
			[]string{`1:26: /topics/0: "r/+/C" matches no message: those have topics of 7 levels`, `1:52: /topics/2: "a/b/c/d/e/f/g/h/#" matches no message`},
		},
		"no topics": {
			`{"root": "r", "topics": [], "function": {"maptype": "none"}, "action": {"maptype": "none"}, "argkey": {"maptype": "none"}` + rest,
			[]string{`1:15: /topics: empty: no message will be received`},
		},
		"empty alias": {
			`{"root": "r", "topics": ["r/#"], "function": {"maptype": "strict", "map": {"": [""], "X": ["x"]}}, "action": {"maptype": "strict", "map": {"X": [""]}}, "argkey": {"maptype": "none"}` + rest,
			[]string{`1:146: /action/map/X/0: empty keywords are never looked up: "X" is not what one becomes`},
		},
		"argument called action": {
			`{"root": "r", "topics": ["r/#"], "function": {"maptype": "none"}, "action": {"maptype": "none"}, "argkey": {"maptype": "loose", "map": {"action": ["x"], "y": ["action"]}}` + rest,
			[]string{`1:137: /argkey/map/action: an argument can't be called "action"`, `1:160: /argkey/map/y/0: an argument can't be called "action"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := mapping.Parse([]byte(tt.text))
			if err != nil {
				t.Fatalf("parse %s: %v", tt.text, err)
			}
			if len(warnings) != len(tt.want) {
				t.Fatalf("parse %s: warnings %v, want %q", tt.text, warnings, tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(warnings[i].Error(), want) {
					t.Errorf("parse %s: %v, want %s", tt.text, warnings[i], want)
				}
			}
		})
	}
}

// TestMeansNone checks what the warnings about maptypes say: a strict map without keywords refuses nothing.
func TestMeansNone(t *testing.T) {
	c := newCodec(t, "gw", `{"root": "r", "topics": ["r/#"], "gateway": {"maptype": "strict", "map": {}}, "location": {"maptype": "none", "map": {"L": ["l"]}}}`)
	msg, _, err := c.Decode("r/f/g/l/d/s/C", "on")
	if err != nil || msg.Gateway() != "g" || msg.Location() != "l" {
		t.Errorf("got %s, %v", msg, err)
	}
}

func TestPlain(t *testing.T) {
	if _, _, err := mapping.Plain("a/#", []string{"x", "#/x"}); err == nil ||
		err.Error() != "/root: \"a/#\": holds '#', which no level of a topic can\n/topics/1: \"#/x\": # must be the last level" {
		t.Errorf("got %v", err)
	}
	topics := []string{"home/y/#", "home/x"}
	f, warnings, err := mapping.Plain("home", topics)
	if err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0].Error(), `/topics/1: "home/x" matches no message`) {
		t.Fatalf("warnings %v, %v", warnings, err)
	}
	c, err := mapping.New("gw", f)
	if err != nil {
		t.Fatal(err)
	}
	topics[0] = "changed"
	c.Topics()[1] = "changed"
	if got := strings.Join(c.Topics(), " "); got != "home/y/# home/x" || c.Root() != "home" || c.Name() != "gw" {
		t.Errorf("root %q, topics %q, name %q", c.Root(), got, c.Name())
	}
}

// TestExample checks that the example shows what it is meant to show.
func TestExample(t *testing.T) {
	f, warnings, err := mapping.Parse(mapping.Example())
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	c, err := mapping.New("dummy2mqtt", f)
	if err != nil {
		t.Fatal(err)
	}
	topic, payload, err := c.Encode(command(messages.Address{Function: "DummyFunction", Gateway: "Dummy", Location: "Office"}, "", "MUTE_ON"))
	if err != nil || topic != "testmqttgtw/dummyfunction/dummy/office//dummy2mqtt/C" || payload != "mute_on" {
		t.Errorf("encoded as %q %q, %v", topic, payload, err)
	}
	msg, _, err := c.Decode("testmqttgtw/lighting/dummy/kitchen/spot/me/C", "light_on")
	if err != nil || msg.String() != "C Lighting/Dummy/Kitchen/spot from me: LIGHT_ON" {
		t.Errorf("decoded as %s, %v", msg, err)
	}
	if got := strings.Join(c.Topics(), " "); got != "testmqttgtw/+/dummy/+/+/+/C testmqttgtw/dummyfunction/+/+/+/+/C" {
		t.Errorf("topics %s", got)
	}
}
