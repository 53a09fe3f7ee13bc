package messages_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

var kitchen = messages.Address{Function: "Lighting", Gateway: "gw", Location: "Kitchen", Device: "spot"}

// args returns the arguments of m in order: key, literal, key, literal …
func args(m messages.InternalMsg) []string {
	var all []string
	for key, v := range m.Args() {
		all = append(all, key, v.Raw())
	}
	return all
}

func TestCharacteristics(t *testing.T) {
	m := messages.New(messages.Command, kitchen, "DIM").WithSender("me").WithArg("level", messages.IntValue(30))
	got := []string{
		m.Type().String(), m.Function(), m.Gateway(), m.Location(), m.Device(), m.Sender(), m.Action(), fmt.Sprint(m.NumArgs()),
	}
	if want := []string{"C", "Lighting", "gw", "Kitchen", "spot", "me", "DIM", "1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if m.Address() != kitchen {
		t.Errorf("address = %v, want %v", m.Address(), kitchen)
	}
	if v, ok := m.Arg("level"); !ok || v.Raw() != "30" {
		t.Errorf("level = %v, %t, want 30", v, ok)
	}
	if v, ok := m.Arg("Level"); ok || v.Kind() != messages.Null {
		t.Errorf("Level = %v, %t, want none", v, ok)
	}
	for range m.WithArg("a", messages.Value{}).Args() {
		break // break must stop Args
	}
}

func TestType(t *testing.T) {
	for letter, want := range map[string]messages.Type{"C": messages.Command, "S": messages.Status, "c": 0, "": 0, "CS": 0} {
		got, ok := messages.ParseType(letter)
		if got != want || ok != (want != 0) {
			t.Errorf("ParseType(%q) = %q, %t, want %q", letter, got, ok, want)
		}
		if ok && got.String() != letter {
			t.Errorf("%q is written %q", letter, got)
		}
	}
	if got := messages.Type(0).String(); got != "" {
		t.Errorf("the zero Type is written %q, want nothing", got)
	}
}

// Each With method is called on a message, which must be unchanged afterwards.
func TestWithLeavesTheOriginalAlone(t *testing.T) {
	one, two := messages.IntValue(1), messages.IntValue(2)
	original := func() messages.InternalMsg {
		return messages.New(messages.Command, kitchen, "DIM").WithSender("me").WithArg("a", one).WithArg("b", one)
	}
	for _, row := range []struct {
		name string
		with func(messages.InternalMsg) messages.InternalMsg
		want string
	}{
		{"type", func(m messages.InternalMsg) messages.InternalMsg { return m.WithType(messages.Status) },
			`S Lighting/gw/Kitchen/spot from me: DIM {"a":1,"b":1}`},
		{"address", func(m messages.InternalMsg) messages.InternalMsg {
			return m.WithAddress(messages.Address{Location: "Office"})
		}, `C //Office/ from me: DIM {"a":1,"b":1}`},
		{"sender", func(m messages.InternalMsg) messages.InternalMsg { return m.WithSender("") },
			`C Lighting/gw/Kitchen/spot: DIM {"a":1,"b":1}`},
		{"action", func(m messages.InternalMsg) messages.InternalMsg { return m.WithAction("OFF") },
			`C Lighting/gw/Kitchen/spot from me: OFF {"a":1,"b":1}`},
		{"one argument more", func(m messages.InternalMsg) messages.InternalMsg { return m.WithArg("c", two) },
			`C Lighting/gw/Kitchen/spot from me: DIM {"a":1,"b":1,"c":2}`},
		{"argument replaced where it stands", func(m messages.InternalMsg) messages.InternalMsg { return m.WithArg("a", two) },
			`C Lighting/gw/Kitchen/spot from me: DIM {"a":2,"b":1}`},
		{"other arguments, the later wins", func(m messages.InternalMsg) messages.InternalMsg {
			return m.WithArgs(messages.Argument{Key: "y", Value: one}, messages.Argument{Key: "x", Value: one},
				messages.Argument{Key: "y", Value: two})
		}, `C Lighting/gw/Kitchen/spot from me: DIM {"y":2,"x":1}`},
		{"no other arguments", func(m messages.InternalMsg) messages.InternalMsg { return m.WithArgs() },
			`C Lighting/gw/Kitchen/spot from me: DIM`},
		{"no arguments", messages.InternalMsg.WithoutArgs, `C Lighting/gw/Kitchen/spot from me: DIM`},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := original()
			if got := row.with(m).String(); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if !m.Equal(original()) || !slices.Equal(args(m), args(original())) {
				t.Errorf("the original became %s", m)
			}
		})
	}
}

// Two messages that are made from the same message must not share memory that is written, whatever the number of
// arguments.
func TestCopiesShareNothingThatIsWritten(t *testing.T) {
	m := messages.New(messages.Command, kitchen, "DIM")
	for n := range 20 {
		a, b := m.WithArg("x", messages.TextValue("a")), m.WithArg("x", messages.TextValue("b"))
		c := a.WithArg("x", messages.TextValue("c"))
		for want, copied := range map[string]messages.InternalMsg{`"a"`: a, `"b"`: b, `"c"`: c} {
			if v, _ := copied.Arg("x"); v.Raw() != want || copied.NumArgs() != n+1 {
				t.Fatalf("with %d arguments: x = %s of %d, want %s of %d", n, v.Raw(), copied.NumArgs(), want, n+1)
			}
		}
		if _, ok := m.Arg("x"); ok || m.NumArgs() != n {
			t.Fatalf("the original became %s", m)
		}
		m = m.WithArg(fmt.Sprint(n), messages.IntValue(int64(n)))
	}
}

func TestWithArgsKeepsNoHoldOfTheSlice(t *testing.T) {
	list := []messages.Argument{{Key: "a", Value: messages.IntValue(1)}, {Key: "b", Value: messages.IntValue(2)}}
	m := messages.New(messages.Command, kitchen, "DIM").WithArgs(list...)
	list[0] = messages.Argument{Key: "z", Value: messages.IntValue(9)}
	if got := args(m); !slices.Equal(got, []string{"a", "1", "b", "2"}) {
		t.Errorf("after a change of the slice: %q", got)
	}
}

// Few and many arguments are stored differently, but behave the same.
func TestManyArguments(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 1000} {
		var list []messages.Argument
		var want []string
		for i := range n {
			key := fmt.Sprint("k", n-i)
			list = append(list, messages.Argument{Key: key, Value: messages.Value{}})
			want = append(want, key, fmt.Sprint(i))
		}
		for i := range n { // each key again, with the same value
			list = append(list, messages.Argument{Key: list[i].Key, Value: messages.IntValue(int64(i))})
		}
		m := messages.New(messages.Command, kitchen, "DIM").WithArgs(list...)
		if got := args(m); !slices.Equal(got, want) {
			t.Errorf("%d arguments, each twice: got %.200q…, want %.200q…", n, got, want)
		}
		back, err := messages.FromValue(parse(t, string(m.AppendJSON(nil))))
		if err != nil || !slices.Equal(args(back), want) {
			t.Errorf("%d arguments from JSON: %v, got %.200q…, want %.200q…", n, err, args(back), want)
		}
	}
}

// Reading a payload of 100,000 keys takes a moment, and not the half minute of comparing each key with all others.
func TestManyArgumentsAreNoAttack(t *testing.T) {
	object := []byte(`{"type":"C","arguments":{"first":0`)
	for i := range 100_000 {
		object = fmt.Appendf(object, `,"k%d":%d`, i, i)
	}
	began := time.Now()
	m := fromJSON(t, string(append(object, "}}"...)))
	if took := time.Since(began); m.NumArgs() != 100_001 || took > 5*time.Second {
		t.Errorf("%d arguments took %v, want 100001 within 5 s", m.NumArgs(), took)
	}
}

func TestArgumentsAreCompacted(t *testing.T) {
	wide := "{ \"a b\" : [1 ,\t2.50,\r\n{ } ] , \"c\" : \"d  e\" }"
	const want = `{"a b":[1,2.50,{}],"c":"d  e"}`
	m := messages.New(messages.Command, kitchen, "DIM")
	for name, m := range map[string]messages.InternalMsg{
		"WithArg":         m.WithArg("v", parse(t, wide)),
		"WithArg again":   m.WithArg("v", messages.IntValue(1)).WithArg("v", parse(t, wide)),
		"WithArgs":        m.WithArgs(messages.Argument{Key: "v", Value: parse(t, wide)}),
		"WithArgs, twice": m.WithArgs(messages.Argument{Key: "v"}, messages.Argument{Key: "v", Value: parse(t, wide)}),
		"FromValue":       fromJSON(t, `{"type":"C","arguments":{"v":`+wide+`}}`),
	} {
		if v, _ := m.Arg("v"); v.Raw() != want {
			t.Errorf("%s: %q, want %s", name, v.Raw(), want)
		}
	}
}

func TestString(t *testing.T) {
	m := messages.New(messages.Command, kitchen, "DIM")
	for _, row := range []struct {
		name string
		m    messages.InternalMsg
		want string
	}{
		{"without arguments", m, `C Lighting/gw/Kitchen/spot: DIM`},
		{"all of it", m.WithSender("me").WithArg("level", messages.IntValue(30)).WithArg("why", messages.TextValue("a\nb")),
			`C Lighting/gw/Kitchen/spot from me: DIM {"level":30,"why":"a\nb"}`},
		{"open address", messages.New(messages.Status, messages.Address{Location: "Living room"}, "ON"), `S //Living room/: ON`},
		{"words with line ends", messages.New(messages.Status, messages.Address{Device: "a\nb"}, "c\rd").WithSender("e\x1b"),
			`S ///"a\nb" from "e\x1b": "c\rd"`},
		{"nothing", messages.InternalMsg{}, ` ///: `},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.m.String(); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestLogValue(t *testing.T) {
	for _, row := range []struct {
		name string
		m    messages.InternalMsg
		want string
	}{
		{"all of it", messages.New(messages.Command, kitchen, "DIM").WithSender("me").WithArg("level", messages.IntValue(30)),
			`msg.type=C msg.function=Lighting msg.gateway=gw msg.location=Kitchen msg.device=spot msg.sender=me msg.action=DIM msg.arguments="{\"level\":30}"`},
		{"what is empty is left out", messages.New(messages.Status, messages.Address{Location: "Office"}, "ON"),
			`msg.type=S msg.location=Office msg.action=ON`},
		{"nothing", messages.InternalMsg{}, ``},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b bytes.Buffer
			bare := func(groups []string, a slog.Attr) slog.Attr {
				if len(groups) == 0 && a.Key != "msg" {
					return slog.Attr{}
				}
				return a
			}
			log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: bare}))
			log.Info("", "msg", row.m)
			got := string(bytes.TrimSpace(bytes.TrimPrefix(b.Bytes(), []byte(`msg=""`))))
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}
