package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// rulesMap has a strict, a loose and an absent vocabulary of each sort that is translated by rules of its own.
const rulesMap = `{
	"root": "home", "topics": ["home/#"],
	"function": {"maptype": "loose", "map": {"Lighting": ["lighting", "lights"], "Slash": ["slash"]}},
	"gateway": {"maptype": "strict", "map": {"Here": ["here"], "": ["nowhere"]}},
	"location": {"maptype": "none"},
	"device": {"maptype": "none"},
	"sender": {"maptype": "strict", "map": {"phone": ["ph"], "": ["anon"], "gw": ["me"]}},
	"action": {"maptype": "loose", "map": {"ON": ["on", "1"], "{": ["brace"], "": ["noop"], "nothing": [""]}},
	"argkey": {"maptype": "strict", "map": {"Level": ["lvl", "level"], "response": ["resp"], "word": ["word"], "free": ["free"]}},
	"argvalue": {"maptype": "strict", "map": {"FULL": ["full", "100"], "OK": ["ok"]}}
}`

func command(to messages.Address, sender, action string, args ...messages.Argument) messages.InternalMsg {
	return messages.New(messages.Command, to, action).WithSender(sender).WithArgs(args...)
}

func arg(key, literal string) messages.Argument {
	value, err := messages.ParseValue(literal)
	if err != nil {
		panic(err)
	}
	return messages.Argument{Key: key, Value: value}
}

func TestDecode(t *testing.T) {
	plain := plainCodec(t, "home")
	rules := newCodec(t, "gw", rulesMap)
	here := messages.Address{Gateway: "Here"}
	fgld := messages.Address{Function: "f", Gateway: "g", Location: "l", Device: "d"}
	tests := map[string]struct {
		codec          *mapping.Codec
		topic, payload string
		want           messages.InternalMsg
	}{
		"bare action":            {plain, "home/f/g/l/d/s/C", "on", command(fgld, "s", "on")},
		"empty levels":           {plain, "home//////C", "on", command(messages.Address{}, "", "on")},
		"foreign root":           {plain, "other/f/g/l/d/s/C", "on", command(fgld, "s", "on")},
		"root of three levels":   {plainCodec(t, "a/b/c"), "x/y/z/f/g/l/d/s/C", "on", command(fgld, "s", "on")},
		"empty root":             {plainCodec(t, ""), "/f/g/l/d/s/C", "on", command(fgld, "s", "on")},
		"root with empty levels": {plainCodec(t, "/home//x"), "/home//x/f/g/l/d/s/C", "on", command(fgld, "s", "on")},
		"$gateway elsewhere":     {plain, "home/f/$gateway/l/d/s/C", "on", command(messages.Address{Function: "f", Gateway: "$gateway", Location: "l", Device: "d"}, "s", "on")},
		"$gateway in a name":     {plain, "home/$gateways/g/l/d/s/C", "on", command(messages.Address{Function: "$gateways", Gateway: "g", Location: "l", Device: "d"}, "s", "on")},
		"spaces are an action":   {plain, "home/f/g/l/d/s/C", "  ", command(fgld, "s", "  ")},
		"space before the brace": {plain, "home/f/g/l/d/s/C", ` {"action":"on"}`, command(fgld, "s", ` {"action":"on"}`)},
		"quoted is an action":    {plain, "home/f/g/l/d/s/C", `"on"`, command(fgld, "s", `"on"`)},
		"list is an action":      {plain, "home/f/g/l/d/s/C", `[1]`, command(fgld, "s", `[1]`)},
		"number is an action":    {plain, "home/f/g/l/d/s/C", `12`, command(fgld, "s", `12`)},
		"space behind the JSON":  {plain, "home/f/g/l/d/s/C", "{ \"action\" : \"on\" } \r\n\t", command(fgld, "s", "on")},
		"typed arguments": {plain, "home/f/g/l/d/s/C", `{"n":12345678901234567890,"action":"on","e":1e21,"b":true,"l":[1, {"x":null}],"o":{"a":[]}}`,
			command(fgld, "s", "on", arg("n", "12345678901234567890"), arg("e", "1e21"), arg("b", "true"), arg("l", `[1,{"x":null}]`), arg("o", `{"a":[]}`))},
		"null is empty":             {plain, "home/f/g/l/d/s/C", `{"action":"on","x":null}`, command(fgld, "s", "on", arg("x", `""`))},
		"empty key":                 {plain, "home/f/g/l/d/s/C", `{"action":"on","":1}`, command(fgld, "s", "on", arg("", `1`))},
		"escapes":                   {plain, "home/f/g/l/d/s/C", `{"\u0061ction":"\u00fc","k\n":"\"\ud83d\ude00"}`, command(fgld, "s", "ü", arg("k\n", `"\"\ud83d\ude00"`))},
		"same key twice":            {plain, "home/f/g/l/d/s/C", `{"a":1,"action":"on","b":2,"a":3}`, command(fgld, "s", "on", arg("a", "3"), arg("b", "2"))},
		"action twice":              {plain, "home/f/g/l/d/s/C", `{"action":7,"action":"on"}`, command(fgld, "s", "on")},
		"alias":                     {rules, "home/lights/here///ph/C", "1", command(messages.Address{Function: "Lighting", Gateway: "Here"}, "phone", "ON")},
		"loose passes":              {rules, "home/heating/here///ph/C", "off", command(messages.Address{Function: "heating", Gateway: "Here"}, "phone", "off")},
		"strict passes empty":       {rules, "home//////C", "on", command(messages.Address{}, "", "ON")},
		"mapped to empty":           {rules, "home//nowhere///anon/C", "on", command(messages.Address{}, "", "ON")},
		"keys become one":           {rules, "home//here////C", `{"lvl":"full","action":"on","level":"100","word":"ok"}`, command(here, "", "ON", arg("Level", `"FULL"`), arg("word", `"OK"`))},
		"keys become one, later":    {rules, "home//here////C", `{"lvl":"full","level":"","action":"on"}`, command(here, "", "ON", arg("Level", `""`))},
		"strict passes empty value": {rules, "home//here////C", `{"action":"on","lvl":null,"word":""}`, command(here, "", "ON", arg("Level", `""`), arg("word", `""`))},
		"protocol keys": {rules, "home//here////C", `{"action":"on","reply":true,"reason":"no such lamp","id":7}`,
			command(here, "", "ON", arg("reply", "true"), arg("reason", `"no such lamp"`), arg("id", "7"))},
		"protocol key that is mapped":    {rules, "home//here////C", `{"action":"on","resp":"ok"}`, command(here, "", "ON", arg("response", `"OK"`))},
		"id is no keyword":               {rules, "home//here////C", `{"action":"on","id":"100"}`, command(here, "", "ON", arg("id", `"100"`))},
		"word of the protocol as action": {rules, "home//here////C", "reply", command(here, "", "reply")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, echo, err := tt.codec.Decode(tt.topic, tt.payload)
			if err != nil || echo || !got.Equal(tt.want) {
				t.Fatalf("decode %q %q: %s, echo %t, %v; want %s", tt.topic, tt.payload, got, echo, err, tt.want)
			}
			if got.String() != tt.want.String() {
				t.Errorf("decode %q %q: %s, want the order and digits of %s", tt.topic, tt.payload, got, tt.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	plain := plainCodec(t, "home")
	rules := newCodec(t, "gw", rulesMap)
	tests := map[string]struct {
		codec          *mapping.Codec
		topic, payload string
		want           []string // parts of the error
	}{
		"too few levels":       {plain, "home/f/g/l/d/C", "on", []string{`"home/f/g/l/d/C"`, "6 levels, want 7"}},
		"too many levels":      {plain, "home/f/g/l/d/e/s/C", "on", []string{"8 levels, want 7"}},
		"shorter than root":    {plainCodec(t, "a/b/c"), "a", "on", []string{"1 levels, want 9", "the root having 3"}},
		"empty topic":          {plain, "", "on", []string{"1 levels"}},
		"type in lower case":   {plain, "home/f/g/l/d/s/c", "on", []string{`type: "c", want "C" or "S"`}},
		"empty payload":        {plain, "home/f/g/l/d/s/C", "", []string{"an empty payload"}},
		"payload no UTF-8":     {plain, "home/f/g/l/d/s/C", "o\xff", []string{"payload: bytes that are no UTF-8", `"o\xff"`}},
		"JSON no UTF-8":        {plain, "home/f/g/l/d/s/C", "{\"action\":\"o\xff\"}", []string{"payload: bytes that are no UTF-8"}},
		"topic no UTF-8":       {plain, "home/\xff/g/l/d/s/C", "on", []string{"topic: bytes that are no UTF-8"}},
		"no JSON":              {plain, "home/f/g/l/d/s/C", "{on", []string{"payload: not JSON: 'o' at byte 1"}},
		"cut JSON":             {plain, "home/f/g/l/d/s/C", `{"action":"on"`, []string{"payload: not JSON: the end at byte 14"}},
		"text behind the JSON": {plain, "home/f/g/l/d/s/C", `{"action":"on"} x`, []string{"at byte 16"}},
		"two objects":          {plain, "home/f/g/l/d/s/C", `{"action":"on"}{}`, []string{"at byte 15"}},
		"no action":            {plain, "home/f/g/l/d/s/C", `{"x":1}`, []string{`an object without "action"`}},
		"empty action":         {plain, "home/f/g/l/d/s/C", `{"action":""}`, []string{"action: empty"}},
		"null action":          {plain, "home/f/g/l/d/s/C", `{"action":null}`, []string{"action: a null, want a string"}},
		"action a number":      {plain, "home/f/g/l/d/s/C", `{"action":1}`, []string{"action: a number, want a string"}},
		"action mapped away":   {rules, "home//here////C", "noop", []string{`action: "noop" becomes empty`}},
		"strict gateway":       {rules, "home//there////C", "on", []string{`gateway "there" is not in the map, which is strict`}},
		"strict key":           {rules, "home//here////C", `{"action":"on","x":"full"}`, []string{`argkey "x" is not in the map`}},
		"strict value":         {rules, "home//here////C", `{"action":"on","lvl":"half"}`, []string{`argument "lvl": "half" is not in the map`}},
		"strict number":        {rules, "home//here////C", `{"action":"on","lvl":100}`, []string{`argument "lvl": "100" is not in the map`}},
		"strict bool":          {rules, "home//here////C", `{"action":"on","lvl":true}`, []string{`argument "lvl"`}},
		"strict list":          {rules, "home//here////C", `{"action":"on","lvl":["full"]}`, []string{`argument "lvl"`}},
		"strict object":        {rules, "home//here////C", `{"action":"on","lvl":{}}`, []string{`argument "lvl"`}},
		"listed protocol key":  {rules, "home//here////C", `{"action":"on","response":"ok"}`, []string{`argkey "response" is not in the map`}},
		"all faults at once":   {rules, "home//there///you/x", `{"x":1}`, []string{`gateway "there"`, `sender "you"`, `type: "x"`, `argkey "x"`, `argument "x"`, `without "action"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			msg, echo, err := tt.codec.Decode(tt.topic, tt.payload)
			if _, ok := errors.AsType[*mapping.Error](err); !ok || echo {
				t.Fatalf("decode %q %q: %s, echo %t, %v; want a mapping.Error", tt.topic, tt.payload, msg, echo, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("decode %q %q: %v, want %s in it", tt.topic, tt.payload, err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("decode %q %q: more than one line: %v", tt.topic, tt.payload, err)
			}
		})
	}
}

func TestDecodeEcho(t *testing.T) {
	plain := plainCodec(t, "home")
	rules := newCodec(t, "gw", rulesMap)
	tests := map[string]struct {
		codec          *mapping.Codec
		topic, payload string
		want           bool
		sender         string
		refused        bool
	}{
		"own name":              {plain, "home/f/g/l/d/gw/C", "on", true, "gw", false},
		"another":               {plain, "home/f/g/l/d/gw2/C", "on", false, "gw2", false},
		"in another case":       {plain, "home/f/g/l/d/GW/C", "on", false, "GW", false},
		"no sender":             {plain, "home/f/g/l/d//C", "on", false, "", false},
		"strict sender map":     {rules, "home//here///gw/C", "on", true, "gw", false},
		"mapped":                {rules, "home//here///me/C", "on", true, "gw", false},
		"wrong type":            {plain, "home/f/g/l/d/gw/x", "on", true, "gw", true},
		"empty payload":         {plain, "home/f/g/l/d/gw/C", "", true, "gw", true},
		"payload no UTF-8":      {plain, "home/f/g/l/d/gw/C", "\xff", true, "gw", true},
		"no JSON":               {plain, "home/f/g/l/d/gw/C", "{", true, "gw", true},
		"strict gateway":        {rules, "home//there///gw/C", "on", true, "gw", true},
		"foreign root":          {plain, "away/f/g/l/d/gw/C", "on", true, "gw", false},
		"too many levels":       {plain, "home/f/g/l/d/gw/C/C", "on", false, "", true},
		"below root/$gateway":   {plain, "home/$gateway/g/l/d/gw/C", "on", false, "", true},
		"own name, not sending": {plain, "home/gw/gw/gw/gw/s/C", "gw", false, "s", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			msg, echo, err := tt.codec.Decode(tt.topic, tt.payload)
			if echo != tt.want || msg.Sender() != tt.sender || (err != nil) != tt.refused {
				t.Errorf("decode %q %q: sender %q, echo %t, %v; want sender %q, echo %t, refused %t",
					tt.topic, tt.payload, msg.Sender(), echo, err, tt.sender, tt.want, tt.refused)
			}
		})
	}
}

func TestDecodeSentinels(t *testing.T) {
	plain, deep := plainCodec(t, "home"), plainCodec(t, "a/b")
	tests := map[string]struct {
		codec          *mapping.Codec
		topic, payload string
		want           error
	}{
		"clearing":                {plain, "home/f/g/l/d/s/S", "", mapping.ErrEmpty},
		"below $gateway":          {plain, "home/$gateway/online", "1", mapping.ErrReserved},
		"$gateway itself":         {plain, "home/$gateway", "1", mapping.ErrReserved},
		"below $gateway, seven":   {plain, "home/$gateway/g/l/d/s/C", "on", mapping.ErrReserved},
		"below $gateway, cleared": {plain, "home/$gateway/g/l/d/s/C", "", mapping.ErrReserved},
		"root of two levels":      {deep, "a/b/$gateway/x", "", mapping.ErrReserved},
		"empty root":              {plainCodec(t, ""), "/$gateway/x", "", mapping.ErrReserved},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := tt.codec.Decode(tt.topic, tt.payload)
			for _, sentinel := range []error{mapping.ErrEmpty, mapping.ErrReserved} {
				if errors.Is(err, sentinel) != (sentinel == tt.want) {
					t.Errorf("decode %q %q: %v, want %v alone", tt.topic, tt.payload, err, tt.want)
				}
			}
		})
	}
}

func TestErrorsStayShort(t *testing.T) {
	long := "x" + strings.Repeat("ü", 50_000)
	for _, payload := range []string{long, `{"action":"` + long + `","x":`, `{"x":"` + long + `"}`} {
		_, _, err := newCodec(t, "gw", rulesMap).Decode("home/"+long+"/"+long+"///"+long+"/"+long, payload)
		if err == nil || len(err.Error()) > 2000 || strings.Contains(err.Error(), `\x`) {
			t.Errorf("an error of %d bytes, or one that cuts a character: %.900v", len(err.Error()), err)
		}
	}
}

func plainCodec(t testing.TB, root string) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Plain(root, []string{root + "/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}
