package stream_test

import (
	"strings"
	"testing"
)

// What is wrong is found before anything is opened, each fault at its option.
func TestFaults(t *testing.T) {
	for _, tt := range []struct{ yaml, says string }{
		{`points: [{id: a, match: '^A(\d$'}]`, "points[0].match: missing closing )"},
		{`points: [{id: a, match: '^A(\d)(\d)$'}]`, "points[0].match: group 1 of 2 has no name"},
		{`points: [{id: a, match: '^A(?P<x>\d)(?P<y>\d)$'}]`, "points[0].match: has several groups, want a value"},
		{`points: [{id: a}]`, "points[0].match: missing: want a pattern that finds its value, or send"},
		{`points: [{id: a, match: '^A(.)$', value: '.x +'}]`, "points[0].value: unexpected EOF"},
		{`points: [{id: a, match: '^A(.)$', value: '$b'}]`, "points[0].value: variable not defined: $b"},
		{`points: [{id: a, value: '1'}]`, "points[0].value: is made of nothing"},
		{`points: [{id: x, match: '^A(.)$'}, {id: a, value: '$x', send: S}]`, "points[1].send: of a value that is made of other points"},
		{`points: [{id: a, match: '^A(.)$', send: 'A{{.b}}'}]`, `points[0].send: of 0: `},
		{`points: [{id: a, match: '^A(.)$', send: '{{flour}}'}]`, `points[0].send: line 1: function "flour" not defined`},
		{`points: [{id: a, match: '^A(.)$', min: -5, max: 5, send: '{{pad 3 .a}}'}]`, "points[0].send: of -5: "},
		{`points: [{id: a, match: '^A(.)$', options: [CD, TV], send: 'A{{mul .a 1}}'}]`, "points[0].send: of CD: "},
		{`points: [{id: a, match: '^A(.)$', kind: bool, send: {maybe: X}}]`, `points[0].send.maybe: a: "maybe", want true or false`},
		{`points: [{id: a, match: '^A(.)$', options: [CD], send: {TV: X}}]`, `points[0].send.TV: a: "TV", want one of CD`},
		{`points: [{id: a, match: '^A(.)$', kind: bool, send: {true: 21}}]`, "points[0].send.true: 21, want a text: put it in quotes"},
		{`points: [{id: a, match: '^A(.)$', send: 21}]`, "points[0].send: 21, want a text, or one for each value: put it in quotes"},
		{`points: [{id: a, match: '^A(.)$', answer: {match: '^A'}}]`, "points[0].answer.match: nothing is sent that could be answered"},
		{`points: [{id: a, match: '^A(.)$', "on": "1", "off": "1"}]`, `points[0].on: "1", and off "1"`},
		{`points: [{id: a, match: '^A(.)$', kind: number, "on": "1"}]`, "points[0].on: on and off of a number"},
		{`points: [{id: a, kind: button, match: '^A$', send: A}]`, "points[0].match: a button has no value"},
		{`points: [{id: a, match: '^A(.)$', class: flour}]`, `points[0].class: "flour", want one`},
		{`points: [{id: a, match: '^A(.)$', kind: bool, words: {yes: X}}]`, "points[0].words: "},
		{`points: [{id: a, match: '^A(.)$'}, {id: a, match: '^B(.)$'}]`, "is described twice"},
		{`points: [{id: a, match: '^A$'}]
decode: json`, "points[0].match: is for text"},
		{`points: [{id: a, value: .a}, {id: b, value: '$a + 1'}, {id: c, value: '$b + 1'}]
decode: json`, "points[2].value: $b is made of other points itself"},
		{`then: [{match: '^A(', emit: {action: X}}]`, "then[0].match: missing closing )"},
		{`then: [{match: '^A', emit: {type: C, action: X, retain: true}}]`, "then[0].emit.retain: of a command"},
		{`then: [{match: '^A', emit: {type: D, action: X}}]`, `then[0].emit.type: "D": want C or S`},
		{`points: []`, "points: there are none"},
		{`ask: [{send: "A?", every: 1ms}]`, "ask[0].every: 1ms is out of range"},
	} {
		err := typ.Check(read(t, "frame: {end: \"\\n\"}\n"+tt.yaml))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %s", tt.yaml, err, tt.says)
		}
	}
	for frame, says := range map[string]string{
		`{}`:                                  "frame: want an end, a start and an end",
		`{end: "\n", size: 2}`:                "frame: want an end",
		`{end: "\n", checksum: crc32}`:        `frame.checksum: "crc32", want crc16-arc, crc16-x25 or none`,
		`{end: "\n", checksum: crc16-arc}`:    "frame.checksum: want a match",
		`{match: 'a\n', checksum: crc16-arc}`: "frame.match: has no group (?P<crc>…)",
		`{length: {bytes: 5}}`:                "frame.length.bytes: 5 is out of range",
	} {
		err := typ.Check(read(t, "frame: "+frame+"\npoints: [{id: a, match: '^A(.)$'}]"))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", frame, err, says)
		}
	}
}

// All faults are found at once.
func TestAllFaults(t *testing.T) {
	err := typ.Check(read(t, `{frame: {end: "\n"}, points: [{id: a, match: '^('}, {id: b, match: '^(.)$', send: '{{'}], then: [{match: '[', emit: {action: X}}]}`))
	for _, key := range []string{"points[0].match", "points[1].send", "then[0].match"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v, want a fault of %s", err, key)
		}
	}
}

func TestWarnings(t *testing.T) {
	warnings := typ.Warnings(read(t, `
frame: {end: "\n"}
points:
  - {id: a, match: 'MV(\d\d)'}
  - {id: b, match: '^MV(\d\d)$', send: 'MV{{.b}}', answer: {match: 'MV'}}
then: [{match: '^HI', emit: {action: HELLO}}]`))
	if len(warnings) != 2 || !strings.HasPrefix(warnings[0], `points[0].match: "MV(\\d\\d)" may match in the middle`) ||
		!strings.HasPrefix(warnings[1], `points[1].answer.match: "MV" may match in the middle`) {
		t.Errorf("warned of %q", warnings)
	}
}

// What kind a point is, and whether it can be set, follows from what else is said of it.
func TestDescribe(t *testing.T) {
	d, err := typ.Describe(read(t, `
frame: {end: "\n"}
about: {manufacturer: Denon, model: AVR-X1000}
points:
  - {id: number, match: '^A(.)$'}
  - {id: bool, match: '^A(.)$', "on": x, "off": y}
  - {id: enum, match: '^A(.)$', options: [CD], send: '{{.enum}}'}
  - {id: restart, send: RST}
  - {id: text, match: '^A(.)$', kind: text}`))
	if err != nil || d.Manufacturer != "Denon" || d.Model != "AVR-X1000" {
		t.Errorf("the device is %+v, %v", d, err)
	}
	for i, want := range []string{"number", "bool", "enum", "button", "text"} {
		if e := d.Entities[i]; string(e.Kind) != want || e.Write != (want == "enum") {
			t.Errorf("%s is a %s, set: %v", e.ID, e.Kind, e.Write)
		}
	}
}
