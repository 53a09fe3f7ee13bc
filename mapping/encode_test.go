package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestEncode(t *testing.T) {
	plain := plainCodec(t, "home")
	rules := newCodec(t, "gw", rulesMap)
	none := messages.Address{}
	here := messages.Address{Gateway: "Here"}
	tests := map[string]struct {
		codec          *mapping.Codec
		msg            messages.InternalMsg
		topic, payload string
	}{
		"bare action":          {plain, command(messages.Address{Function: "f", Gateway: "g", Location: "l", Device: "d"}, "s", "on"), "home/f/g/l/d/s/C", "on"},
		"status":               {plain, messages.New(messages.Status, none, "on"), "home/////gw/S", "on"},
		"signed":               {plain, command(none, "", "on"), "home/////gw/C", "on"},
		"signed unmapped":      {rules, command(here, "", "ON"), "home//here///gw/C", "on"},
		"root of two levels":   {plainCodec(t, "a/b"), command(none, "s", "on"), "a/b/////s/C", "on"},
		"empty root":           {plainCodec(t, ""), command(none, "s", "on"), "/////s/C", "on"},
		"action with a brace":  {plain, command(none, "s", "{on"), "home/////s/C", `{"action":"{on"}`},
		"mapped to a brace":    {newCodec(t, "gw", strings.Replace(rulesMap, `["brace"]`, `["{x"]`, 1)), command(none, "", "{"), "home/////gw/C", `{"action":"{x"}`},
		"brace that is mapped": {rules, command(none, "", "{"), "home/////gw/C", "brace"},
		"space and a brace":    {plain, command(none, "s", " {on"), "home/////s/C", " {on"},
		"quoted action":        {plain, command(none, "s", `"on"`), "home/////s/C", `"on"`},
		"typed arguments": {plain, command(none, "s", "on", arg("n", "12345678901234567890"), arg("e", "1e21"), arg("b", "false"), arg("l", "[1, 2]"), arg("o", `{"x":null}`), arg("t", `"\u00fc"`)),
			"home/////s/C", `{"action":"on","n":12345678901234567890,"e":1e21,"b":false,"l":[1,2],"o":{"x":null},"t":"\u00fc"}`},
		"null":                  {plain, command(none, "s", "on", arg("x", "null")), "home/////s/C", `{"action":"on","x":null}`},
		"strict passes null":    {rules, command(none, "", "ON", arg("Level", "null"), arg("id", "null")), "home/////gw/C", `{"action":"on","lvl":null,"id":null}`},
		"strict passes empty":   {rules, command(none, "", "ON", arg("Level", `""`)), "home/////gw/C", `{"action":"on","lvl":""}`},
		"escapes":               {plain, command(none, "s", "a\"\n", arg("k\\", `1`)), "home/////s/C", `{"action":"a\"\n","k\\":1}`},
		"first alias":           {rules, command(here, "phone", "ON", arg("Level", `"FULL"`)), "home//here///ph/C", `{"action":"on","lvl":"full"}`},
		"keys become one":       {newCodec(t, "gw", keysMap), command(none, "s", "on", arg("Level", "1"), arg("x", "2"), arg("lvl", "3")), "r/////s/C", `{"action":"on","lvl":3,"x":2}`},
		"protocol keys":         {rules, command(none, "", "ON", arg("reason", `"no such lamp"`), arg("reply", "true"), arg("id", `"FULL"`)), "home/////gw/C", `{"action":"on","reason":"no such lamp","reply":true,"id":"FULL"}`},
		"mapped protocol key":   {rules, command(none, "", "ON", arg("response", `"OK"`)), "home/////gw/C", `{"action":"on","resp":"ok"}`},
		"answer in other words": {rules, command(none, "", "ON", arg("response", `"BUSY"`)), "home/////gw/C", `{"action":"on","resp":"BUSY"}`},
		"no action":             {rules, messages.New(messages.Status, here, "").WithArgs(arg("Level", `"FULL"`), arg("id", "1")), "home//here///gw/S", `{"lvl":"full","id":1}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			topic, payload, err := tt.codec.Encode(tt.msg)
			if err != nil || topic != tt.topic || payload != tt.payload {
				t.Errorf("encode %s: %q %q, %v; want %q %q", tt.msg, topic, payload, err, tt.topic, tt.payload)
			}
		})
	}
}

// keysMap lets the internal keys Level and lvl become one.
const keysMap = `{"root": "r", "topics": ["r/#"], "argkey": {"maptype": "loose", "map": {"Level": ["lvl"], "act": ["action"], "action": ["deed"]}}}`

func TestEncodeRefuses(t *testing.T) {
	plain := plainCodec(t, "home")
	rules := newCodec(t, "gw", rulesMap)
	keys := newCodec(t, "gw", keysMap)
	none := messages.Address{}
	tests := map[string]struct {
		codec *mapping.Codec
		msg   messages.InternalMsg
		want  []string
	}{
		"slash in function":       {plain, command(messages.Address{Function: "a/b"}, "s", "on"), []string{`function: "a/b": holds '/'`}},
		"plus in gateway":         {plain, command(messages.Address{Gateway: "a+"}, "s", "on"), []string{`gateway: "a+": holds '+'`}},
		"hash in location":        {plain, command(messages.Address{Location: "#"}, "s", "on"), []string{`location: "#": holds '#'`}},
		"NUL in device":           {plain, command(messages.Address{Device: "\x00"}, "s", "on"), []string{`device: "\x00": holds the control character U+0000`}},
		"control in device":       {plain, command(messages.Address{Device: "a\tb"}, "s", "on"), []string{`device: "a\tb": holds the control character U+0009`}},
		"slash in sender":         {plain, command(none, "a/b", "on"), []string{`sender: "a/b": holds '/'`}},
		"no UTF-8 in a level":     {plain, command(messages.Address{Device: "\xff"}, "s", "on"), []string{`device: "\xff": is not UTF-8`}},
		"loose passes no slash":   {rules, command(messages.Address{Function: "a/b"}, "", "on"), []string{`function: "a/b": holds '/'`}},
		"function $gateway":       {plain, command(messages.Address{Function: "$gateway"}, "s", "on"), []string{"function: a topic below $gateway is no message"}},
		"empty action":            {plain, command(none, "s", ""), []string{"action: empty"}},
		"action mapped away":      {rules, command(none, "", "nothing"), []string{`action: "nothing" becomes empty`}},
		"action no UTF-8":         {plain, command(none, "s", "\xff"), []string{"action: bytes that are no UTF-8"}},
		"key no UTF-8":            {plain, command(none, "s", "on", arg("\xff", "1")), []string{"bytes that are no UTF-8"}},
		"value no UTF-8":          {plain, command(none, "s", "on", arg("x", "\"\xff\"")), []string{`argument "x": bytes that are no UTF-8`}},
		"argument action":         {plain, command(none, "s", "on", arg("action", "1")), []string{`argument "action": the payload has but one "action"`}},
		"mapped from action":      {keys, command(none, "s", "on", arg("action", "1")), []string{`argument "action": the payload has but one "action"`}},
		"no action but mapped to": {keys, command(none, "s", "", arg("act", "1")), []string{`argument "act": the payload has but one "action"`}},
		"mapped to action":        {keys, command(none, "s", "on", arg("act", "1")), []string{`argument "act": the payload has but one "action"`}},
		"strict gateway":          {rules, command(messages.Address{Gateway: "there"}, "", "on"), []string{`gateway "there" is not in the map`}},
		"strict own name":         {newCodec(t, "gw", strings.Replace(rulesMap, `, "gw": ["me"]`, "", 1)), command(none, "gw", "on"), []string{`sender "gw" is not in the map`}},
		"strict key":              {rules, command(none, "", "on", arg("x", `"FULL"`)), []string{`argkey "x" is not in the map`}},
		"strict value":            {rules, command(none, "", "on", arg("Level", `"half"`)), []string{`argument "Level": "half" is not in the map`}},
		"strict number":           {rules, command(none, "", "on", arg("Level", `100`)), []string{`argument "Level": "100" is not in the map`}},
		"zero message":            {plain, messages.InternalMsg{}, []string{"type: none", "action: empty"}},
		"too long a topic":        {plain, command(messages.Address{Device: strings.Repeat("d", 65535)}, "s", "on"), []string{"topic: 65547 bytes, want 65535 at most"}},
		"all faults at once":      {rules, command(messages.Address{Function: "#", Gateway: "x"}, "y", "", arg("z", "1")), []string{"function", "gateway", "sender", "argkey", `argument "z"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			topic, payload, err := tt.codec.Encode(tt.msg)
			if _, ok := errors.AsType[*mapping.Error](err); !ok || topic != "" || payload != "" {
				t.Fatalf("encode %.200s: %q %q, %v; want only a mapping.Error", tt.msg, topic, payload, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("encode %.200s: %v, want %s in it", tt.msg, err, want)
				}
			}
		})
	}
}

func TestNew(t *testing.T) {
	file, _, err := mapping.Plain("home", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "a/b", "+", "#", "\x00", "\xff"} {
		if codec, err := mapping.New(name, file); err == nil {
			t.Errorf("a gateway called %q: %v, want an error", name, codec.Name())
		}
	}
}
