package options

import (
	"reflect"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""},
		{"no such port", "no such port"},
		{"dial tcp://box:1883: connection refused", "dial tcp://box:1883: connection refused"},
		{"dial tcp 127.0.0.1:1883: connect: connection refused", "dial tcp 127.0.0.1:1883: connect: connection refused"},
		{"tcp://me:swordfish@box:1883", "tcp://******@box:1883"},
		{"tcp://swordfish@box", "tcp://******@box"},
		{"tcp://me:sword@fish@box/x", "tcp://******@box/x"},
		{"tcp://me:sword/swordfish@box/x", "tcp://******@box/x"},
		{"tcp://me:sword?swordfish#swordfish;@box", "tcp://******"},
		{"ws://h:80/p?token=sword@swordfish", "ws://******"},
		{"ws://h/p?token=swordfish", "ws://h/p?******"},
		{"ws://h/p;token=swordfish", "ws://h/p;******"},
		{"ws://h/p#token=swordfish", "ws://h/p#******"},
		{"ws://h/p?swordfish", "ws://h/p?******"},
		{"ws://h?a=b#swordfish", "ws://h?******"},
		{"ws://h/p?", "ws://h/p?"},
		{"ws://me:swordfish@h/p?token=swordfish", "ws://******@h/p?******"},
		{"http://h/@lamp", "http://h/@lamp"},
		{`Get "http://me:swordfish@h/x?key=swordfish": EOF`, `Get "http://******@h/x?******": EOF`},
		{"see http://h/x?key=swordfish, or (http://h/y#swordfish).", "see http://h/x?******, or (http://h/y#******)."},
		{"two: a://me:swordfish@h b://me:swordfish@h", "two: a://******@h b://******@h"},
		{"me:swordfish@a,b://me:swordfish@h", "******@a,b://******@h"},
		{"dial me:swordfish@box:80: refused", "dial ******@box:80: refused"},
		{`url="me:swordfish@box"`, `url="******@box"`},
		{"url=me:swordfish@box", "url=******@box"},
		{"[me:swordfish@box her:swordfish@box]", "[******@box ******@box]"},
		{"me@example.com: no such user", "me@example.com: no such user"},
		{"GET /mqtt?access_token=swordfish&x=1 401", "GET /mqtt?access_token=******&x=1 401"},
		{"h/mqtt;Password=swordfish", "h/mqtt;Password=******"},
		{"a=b; key = c", "a=b; key = c"},
		{"password=swordfish&user=admin", "password=******&user=admin"},
		{"--password=swordfish", "--password=******"},
		{`{"user":"me","password":"sword\"fish","n":1}`, `{"user":"me","password":"******","n":1}`},
		{`{"api_key" : "swordfish`, `{"api_key" : "******"`},
		{`{"action":"PRESS","key":"up"}`, `{"action":"PRESS","key":"up"}`},
	} {
		if got := Redact(row.text); got != row.want {
			t.Errorf("%q\n got %q\nwant %q", row.text, got, row.want)
		}
		if got := Redact(Redact(row.text)); got != row.want {
			t.Errorf("%q twice: %q", row.text, got)
		}
	}
}

func TestRedactAddress(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"embedded", "embedded"},
		{"tcp://box:1883", "tcp://box:1883"},
		{"h/mqtt?swordfish", "h/mqtt?******"},
		{"me:swordfish@h", "******@h"},
		{"tcp://h:swordfish", "tcp://h:******"},
		{"ws://me:swordfish/p?x", "ws://me:******/p?******"},
		{"tcp://[fe80::1%eth0]:1883", "tcp://[fe80::1%eth0]:1883"},
		{"tcp://[fe80::abcd]", "tcp://[fe80::abcd]"},
		{"tcp://me:swordfish@h:1", "tcp://******@h:1"},
		{"wss://h/m?key=swordfish", "wss://h/m?******"},
		{"ws://h/p;x=sword fish", "ws://h/p;******"},
		{"tcp://me:sword fish\"@h", "tcp://******@h"},
		{"unix:///run/mqtt.sock", "unix:///run/mqtt.sock"},
	} {
		if got := RedactAddress(row.text); got != row.want {
			t.Errorf("%q\n got %q\nwant %q", row.text, got, row.want)
		}
	}
}

// Whatever stands around and in a password, no part of it of some length is shown.
func FuzzRedact(f *testing.F) {
	f.Add("dial ", "me", "sw/rd@fish", ": refused")
	f.Add("", "", "?", "")
	f.Fuzz(func(t *testing.T, before, user, password, after string) {
		const canary = "Canary7f3aSerinus"
		if strings.ContainsAny(user+password, " \t\n\v\f\r\"`\u0085\u00a0") || strings.Contains(before+after, canary) {
			t.Skip() // they end words
		}
		text := before + " tcp://" + user + ":" + password + canary + "@box " + after
		if got := Redact(text); strings.Contains(got, canary) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

func TestHideSecrets(t *testing.T) {
	fields := Fields(struct {
		Port string `koanf:"port" default:""`
		Pin  Secret `koanf:"pin" default:""`
		Deep struct {
			Baud int    `koanf:"baud" default:"1"`
			Pin  Secret `koanf:"pin" default:""`
		} `koanf:"deep"`
		Map map[string]string `koanf:"map"`
		Run []string          `koanf:"run" default:""`
	}{})
	given := func() map[string]any {
		return map[string]any{
			"Port": "tcp://me:pw@box", "PIN": "1234", "pinn": "1234", "map": map[string]any{"a": "b", "token": "x", "token_file": "t"}, "password": []any{"x"}, "run": []any{"login", "--password", "1234", "--user", "me"},
			"deep": map[string]any{"baud": 9600, "pin": 1234, "bin": 1234}, "ports": map[string]any{"pin": "1234"},
		}
	}
	params := given()
	if got, want := HideSecrets(params, fields, true), (map[string]any{
		"Port": "tcp://******@box", "PIN": "******", "pinn": "******", "map": map[string]any{"a": "b", "token": "******", "token_file": "t"}, "password": "******", "run": []any{"login", "--password", "******", "--user", "me"},
		"deep": map[string]any{"baud": 9600, "pin": "******", "bin": "******"}, "ports": map[string]any{"pin": "******"},
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("typed: got %v\nwant %v", got, want)
	}
	if got, want := HideSecrets(params, nil, false), (map[string]any{
		"Port": "tcp://******@box", "PIN": "1234", "pinn": "1234", "map": map[string]any{"a": "b", "token": "******", "token_file": "t"}, "password": "******", "run": []any{"login", "--password", "******", "--user", "me"},
		"deep": map[string]any{"baud": 9600, "pin": 1234, "bin": 1234}, "ports": map[string]any{"pin": "1234"},
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("untyped: got %v\nwant %v", got, want)
	}
	if !reflect.DeepEqual(params, given()) {
		t.Error("what is shown has changed the options")
	}
}

// Secrets in the items of lists and maps are hidden, and so is what is a fault there.
func TestHideSecretsInItems(t *testing.T) {
	type raw = map[string]any
	given := raw{
		"lines": []any{raw{"port": "a", "pin": "1234", "pinn": "1234", "Deep": raw{"from": 1}}, "1234"},
		"NAMED": raw{"x": raw{"Host": "b", "PIN": "1234"}, "y": "1234"},
		"pins":  []any{"1234"}, "grid": []any{[]any{1}}, "line": raw{"pin": "1234", "port": "a"},
	}
	want := raw{
		"lines": []any{raw{"port": "a", "pin": "******", "pinn": "******", "Deep": raw{"from": 1}}, "******"},
		"NAMED": raw{"x": raw{"Host": "b", "PIN": "******"}, "y": "******"},
		"pins":  "******", "grid": []any{[]any{1}}, "line": raw{"pin": "******", "port": "a"},
	}
	if got := HideSecrets(given, Tree(plant{}), true); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := HideSecrets(raw{"lines": "1234"}, Tree(plant{}), true); got["lines"] != "******" {
		t.Errorf("text in the place of a list is shown: %v", got)
	}
}
