package web_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
)

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("http")
	if err != nil {
		t.Fatal(err)
	}
	const good = "reads: [{get: /, points: [{id: x, value: .x}]}]\n"
	point := func(p string) string {
		return "reads: [{get: /, points: [{id: a, value: .a}, {id: sum, value: '$a + 1'}, " + p + "]}]"
	}
	hook := func(h string) string { return "hook_secret: sw0rdf1sh-sw0rdf1sh\nhooks: [" + h + "]\n" }
	text := func(p string) string { return "reads: [{get: /, decode: text, points: [" + p + "]}]" }
	for _, row := range []struct{ base, yaml, want string }{
		{"ftp://box", good, `base: "ftp://box": want an address such as http://10.0.0.20`},
		{"http://me:" + password + "@box", good, "base: holds a user: want auth"},
		{"http://box?key=" + password, good, "base: has more behind the path"},
		{"http://box", "reads: []", "reads: there are none, want at least one"},
		{"http://box", "reads: [{every: 1s}]", "reads[0]: want get or post, one of them, with a path"},
		{"http://box", "reads: [{get: status}]", `reads[0].get: "status", want a path that begins with /`},
		{"http://box", "reads: [{get: '/a b'}]", `reads[0].get: "/a b", want a path without blanks`},
		{"http://box", "reads: [{get: '/%zz'}]", `reads[0].get: invalid URL escape "%zz"`},
		{"http://box", "reads: [{get: /, body: x}]", "reads[0].body: nothing is sent by get, want post"},
		{"http://box", good + "auth: {basic: me, digest: me, password: x}", "auth: basic, digest and bearer_file exclude each other"},
		{"http://box", good + "auth: {basic: me}", "auth.password_file: missing"},
		{"http://box", good + "auth: {password: x}", "auth: a password of nobody"},
		{"http://box", good + "auth: {basic: me, password: x, password_file: y}", "auth.password: there is a password_file as well"},
		{"http://box", good + "auth: {basic: 'a:b', password: x}", "auth.basic: holds a colon"},
		{"http://box", good + "tls: {insecure: true}", "tls: base is not https"},
		{"https://box", good + "tls: {insecure: true, ca_file: x}", "tls: ca_file, pin and insecure exclude each other"},
		{"https://box", good + "tls: {pin: abc}", `tls.pin: "abc", want sha256/`},
		{"http://box", point("{id: b, value: '.b |'}"), "reads[0].points[2].value: unexpected"},
		{"http://box", point("{id: b, value: '$c + 1'}"), "reads[0].points[2].value: variable not defined: $c"},
		{"http://box", point("{id: b, value: '$sum + 1'}"), "reads[0].points[2].value: $sum is made of other points itself"},
		{"http://box", point("{id: b, value: .b, class: power, unit: V}"), `reads[0].points[2].unit: "V" does not fit the class "power"`},
		{"http://box", point("{id: b, value: .b, words: {1: 'a b'}, kind: bool}"), "reads[0].points[2].words"},
		{"http://box", point("{id: b, match: 'b(.)'}"), "reads[0].points[2].match: is for text: want value alone where decode is json"},
		{"http://box", point("{id: b}"), "reads[0].points[2].value: missing: want what finds its value"},
		{"http://box", point("{id: b, value: .b, kind: event, options: [x]}"), "reads[0].points[2].kind: an event is nothing that can be read"},
		{"http://box", point("{id: b, kind: button}"), "reads[0].points[2]: a button has no value, want write alone"},
		{"http://box", point("{id: b, value: .b, on: x}"), `reads[0].points[2].on: "x", and off "": want two texts`},
		{"http://box", point("{id: b, value: .b, write: {get: '/{{.c}}'}}"), `reads[0].points[2].write: of 0: line 1`},
		{"http://box", point("{id: b, value: .b, write: {get: '/{{.b'}}"), "reads[0].points[2].write.get: line 1"},
		{"http://box", point("{id: b, value: .b, write: {get: 'set?{{.b}}'}}"), `reads[0].points[2].write.get: of 0: "set?0", want a path`},
		{"http://box", point("{id: b, value: .b, write: {get: /a, put: /b}}"), "reads[0].points[2].write: get, post and put exclude each other"},
		{"http://box", point("{id: b, value: .b, write: {get: /a, body: x}}"), "reads[0].points[2].write.body: nothing is sent by get"},
		{"http://box", point("{id: b, value: .b, write: {expect: .ok}}"), "reads[0].points[2].write: want get, post or put"},
		{"http://box", point("{id: b, value: .b, write: {get: /a, expect: '.ok ='}}"), "reads[0].points[2].write.expect: unexpected"},
		{"http://box", point("{id: b, value: '$a * 2', write: {get: /a}}"), "reads[0].points[2].write: of a value that is made of other points"},
		{"http://box", text("{id: b, match: 'b('}"), "reads[0].points[0].match: missing closing )"},
		{"http://box", text("{id: b, match: '(?P<x>.)(?P<y>.)'}"), "reads[0].points[0].match: has several groups"},
		{"http://box", text("{id: b, value: .b}"), "reads[0].points[0].value: is made of nothing: want match as well"},
		{"http://box", good + "points: [{id: b, value: .b}]", "points[0].value: is made of nothing: want other points as $id, or the point below a read"},
		{"http://box", good + "points: [{id: x, write: {get: /a}}]", `"x"`},
		{"http://box", good + "headers: {'X Y': a, Host: b, authorization: c, X-Good: d, X-Lines: \"e\\nf\"}", "headers.X Y: is no name of a header, want one such as X-Api-Key"},
		{"http://box", good + "headers: {Host: b}", "headers.Host: is what the gateway says itself"},
		{"http://box", good + "headers: {authorization: c}", "headers.authorization: is what the gateway says itself"},
		{"http://box", good + "headers: {X-Lines: \"e\\nf\"}", "headers.X-Lines: has several lines"},
		{`""`, good, "base: missing: want an address"},
		{`""`, hook("{path: /x, id: b, value: .b}") + "points: [{id: c, write: {get: /}}]", "base: missing: want an address"},
		{"http://box", "hooks: [{path: /x, id: b, value: .b}]", "hook_secret_file: missing: want a file with a secret"},
		{"http://box", good + "hook_secret: sw0rdf1sh-sw0rdf1sh", "hooks: there are none for the secret"},
		{"http://box", hook("{path: /x, id: b, value: .b}") + "hook_secret_file: x", "hook_secret: there is a hook_secret_file as well"},
		{"http://box", "hook_secret: sw0rdf1sh\nhooks: [{path: /x, id: b, value: .b}]", "hook_secret: has 9 characters, want 16 at least"},
		{"http://box", hook("{path: x, id: b, value: .b}"), `hooks[0].path: "x", want a path such as /button`},
		{"http://box", hook("{path: /x, id: b}"), "hooks[0].value: missing: want what finds it in a request, such as .b"},
		{"http://box", hook("{path: /x, id: b, kind: event, options: [c, d]}"), "hooks[0].value: missing"},
		{"http://box", hook("{path: /x, id: b, kind: event}"), "hooks[0].options: none"},
		{"http://box", hook("{path: /x, id: b, kind: button}"), "hooks[0].kind: a button is pressed by the gateway"},
		{"http://box", hook("{path: /x, id: b, value: '.b |'}"), "hooks[0].value: unexpected"},
		{"http://box", hook("{path: /x, id: b, value: .b, on: c}"), "hooks[0].on: \"c\", and off \"\": want two texts"},
		{"http://box", hook("{path: /x, id: b, value: .b, class: power, unit: V}"), `hooks[0].unit: "V" does not fit`},
		{"http://box", good + hook("{path: /x, id: x, value: .b}"), `entity "x": id: is described twice`},
	} {
		err := typ.Check(params(t, row.base, row.yaml))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s, %s:\n%v\nwant %s", row.base, row.yaml, err, row.want)
			continue
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("a secret in an error: %v", err)
		}
	}
}

// The boiler, and the example of the type, are good as they stand.
func TestExamples(t *testing.T) {
	typ, err := devices.Lookup("http")
	if err != nil {
		t.Fatal(err)
	}
	for i, yaml := range []string{boiler, typ.Example} {
		list, err := config.ParseDevices(yaml)
		if err != nil {
			t.Fatal(err)
		}
		if err := typ.Check(list[0].Params); err != nil {
			t.Error(err)
		}
		d, err := typ.Describe(list[0].Params)
		if err != nil {
			t.Fatal(err)
		}
		relay, _ := d.Entity("relay")
		if len(d.Entities) != 3+i || relay == nil || relay.Kind != entity.Bool || !relay.Write || relay.Report.Stale.String() != "30s" {
			t.Errorf("described %+v", d)
		}
	}
}
