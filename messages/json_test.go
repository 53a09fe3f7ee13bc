package messages_test

import (
	"encoding/json"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

// fromJSON returns the message in an object that is known to be valid.
func fromJSON(t testing.TB, object string) messages.InternalMsg {
	t.Helper()
	m, err := messages.FromValue(parse(t, object))
	if err != nil {
		t.Fatalf("FromValue(%.80q): %v", object, err)
	}
	return m
}

func TestMessageJSON(t *testing.T) {
	for _, row := range []struct {
		name string
		m    messages.InternalMsg
		want string
	}{
		{"the least", messages.New(messages.Command, messages.Address{}, ""),
			`{"type":"C","function":"","gateway":"","location":"","device":"","sender":"","action":"","arguments":{}}`},
		{"all of it", messages.New(messages.Status, kitchen, "DIM").WithSender("me").
			WithArg("z", parse(t, `12345678901234567890`)).WithArg("a", parse(t, "[1e21 ,\n{\"-0\": -0}]")),
			`{"type":"S","function":"Lighting","gateway":"gw","location":"Kitchen","device":"spot","sender":"me","action":"DIM","arguments":{"z":12345678901234567890,"a":[1e21,{"-0":-0}]}}`},
		{"words that need escapes", messages.New(messages.Command, messages.Address{Device: `a"b`}, "<&>\n").WithArg("k\\", messages.TextValue("\x00")),
			`{"type":"C","function":"","gateway":"","location":"","device":"a\"b","sender":"","action":"<&>\n","arguments":{"k\\":"\u0000"}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := string(row.m.AppendJSON([]byte("before "))); got != "before "+row.want {
				t.Errorf("AppendJSON\ngot  %s\nwant before %s", got, row.want)
			}
			b, err := json.Marshal(row.m)
			if err != nil {
				t.Fatal(err)
			}
			var back messages.InternalMsg
			if err := json.Unmarshal(b, &back); err != nil || !back.Equal(row.m) {
				t.Errorf("through encoding/json it became %v, %v", back, err)
			}
			if back := fromJSON(t, row.want); string(back.AppendJSON(nil)) != row.want {
				t.Errorf("there and back\ngot  %s\nwant %s", back.AppendJSON(nil), row.want)
			}
		})
	}
}

func TestFromValue(t *testing.T) {
	for _, row := range []struct{ name, object, want string }{
		{"what is left out is empty", `{"type":"S"}`, `S ///: `},
		{"any order", `{"action":"ON","location":"Office","type":"C"}`, `C //Office/: ON`},
		{"of repeated keys the last", `{"type":"C","type":"S","action":"ON","action":"OFF"}`, `S ///: OFF`},
		{"of repeated arguments the last, in the first one's place",
			`{"type":"C","arguments":{"a":1,"b":2,"a":3}}`, `C ///:  {"a":3,"b":2}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fromJSON(t, row.object).String(); got != row.want {
				t.Errorf("FromValue(%s)\ngot  %s\nwant %s", row.object, got, row.want)
			}
		})
	}
}

func TestFromValueSaysAllThatIsWrong(t *testing.T) {
	for _, row := range []struct{ name, object, want string }{
		{"a list", `[]`, `message: a list, want an object`},
		{"null", `null`, `message: a null, want an object`},
		{"no type", `{"action":"ON"}`, `message: type: missing, want "C" or "S"`},
		{"no letter of a type", `{"type":"c"}`, `message: type: "c", want "C" or "S"`},
		{"type that is no string", `{"type":null}`, `message: type: a null, want a string`},
		{"action that is no string", `{"type":"C","action":1}`, `message: action: a number, want a string`},
		{"unknown key", `{"type":"C","acton":"ON"}`, `message: unknown key "acton"`},
		{"unknown key that is no string", `{"type":"C","acton\n":1}`, `message: unknown key "acton\n": a number, want a string`},
		{"arguments that are no object", `{"type":"C","arguments":[1]}`, `message: arguments: a list, want an object`},
		{"all at once", `{"sender":1,"arguments":null,"x":""}`, `message: sender: a number, want a string
arguments: a null, want an object
unknown key "x"
type: missing, want "C" or "S"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, err := messages.FromValue(parse(t, row.object))
			if err == nil || err.Error() != row.want {
				t.Errorf("FromValue(%s)\ngot  %v\nwant %s", row.object, err, row.want)
			}
			if !m.Equal(messages.InternalMsg{}) {
				t.Errorf("FromValue returned %s beside its error", m)
			}
		})
	}
	var m messages.InternalMsg
	if err := m.UnmarshalJSON([]byte(`{"type":"C"`)); err == nil {
		t.Error("half an object is taken")
	}
}

func TestAppendText(t *testing.T) {
	if got := string(messages.AppendText([]byte(`{"a":`), `b"c`)); got != `{"a":"b\"c"` {
		t.Errorf("got %s", got)
	}
}
