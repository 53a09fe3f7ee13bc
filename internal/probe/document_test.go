package probe

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
)

// Each value of a document is found by the jq that is shown for it.
func TestLeaves(t *testing.T) {
	document, err := text.Parse([]byte(`{"id": 0, "on": true, "a": {"total": 1.50, "by minute": [1, {"x": null}]}, "name": "it's <here>", "6": {"b": 7}, "é": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	all := Leaves(document)
	const want = `
.["6"].b                7
.a["by minute"][0]      1
.a["by minute"][1].x    null
.a.total                1.50
.id                     0
.name                   "it's <here>"
.on                     true
.["é"]                  1
`
	if got := LeafRows(all); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%swant%s", got, want)
	}
	for _, leaf := range all {
		q, err := text.Compile(leaf.Path)
		if err != nil {
			t.Errorf("%s: %v", leaf.Path, err)
			continue
		}
		if v, _, err := q.Value(document); v.Raw() != leaf.Value && leaf.Value != "null" || (err != nil) != (leaf.Value == "null") {
			t.Errorf("%s gives %s, %v, want %s", leaf.Path, v.Raw(), err, leaf.Value)
		}
	}
	const points = `
- {id: value_6_b, value: '.["6"].b'}   # 7
- {id: a_by_minute_0, value: '.a["by minute"][0]'}   # 1
- {id: a_total, value: .a.total}   # 1.50
- {id: id_value, value: .id}   # 0
- {id: name, value: .name, kind: text}   # "it's <here>"
- {id: on, value: .on, kind: bool}   # true
- {id: value, value: '.["é"]'}   # 1
`
	if got := "\n" + pointsOf(all, ""); got != points {
		t.Errorf("got%swant%s", got, points)
	}
	if got := LeafRows(Leaves([]any{true})) + LeafRows(Leaves("x")); got != ".[0]  true\n.  \"x\"\n" {
		t.Errorf("got %s", got)
	}
}

func TestNewID(t *testing.T) {
	ids := make(map[string]bool)
	for _, tt := range [][2]string{{".a.b", "a_b"}, {".A_b", "a_b_2"}, {".reason", "reason_value"}, {".", "value"}, {"", "value_2"}, {"1.3", "value_1_3"}} {
		if got := newID(tt[0], ids); got != tt[1] {
			t.Errorf("%s becomes %s, want %s", tt[0], got, tt[1])
		}
	}
}
