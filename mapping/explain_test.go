package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
)

func TestExplainSteps(t *testing.T) {
	c := newCodec(t, "gw", rulesMap)
	x := c.Explain("home/lights/nowhere/attic//gw/C", `{"lvl":"half","action":"on","reply":true,"id":"100","word":null,"free":"ok","x":1}`)
	want := []string{
		`function "lights" mapped loose "Lighting"`,
		`gateway "nowhere" mapped strict ""`,
		`location "attic" passed none "attic"`,
		`device "" empty none ""`,
		`sender "gw" own name strict "gw"`,
		`type "C" passed  "C"`,
		`action "on" mapped loose "ON"`,
		`argkey "lvl" mapped strict "Level"`,
		`argvalue of lvl "half" refused strict "half" argument "lvl": "half" is not in the map, which is strict`,
		`argkey "reply" protocol key strict "reply"`,
		`argvalue of reply "true" protocol key strict "true"`,
		`argkey "id" protocol key strict "id"`,
		`argvalue of id "100" protocol key strict "100"`,
		`argkey "word" mapped strict "word"`,
		`argvalue of word "null" empty strict ""`,
		`argkey "free" mapped strict "free"`,
		`argvalue of free "ok" mapped strict "OK"`,
		`argkey "x" refused strict "x" argkey "x" is not in the map, which is strict`,
		`argvalue of x "1" refused strict "1" argument "x": "1" is not in the map, which is strict`,
	}
	var got []string
	for _, s := range x.Steps {
		of := s.Of
		if s.Key != "" {
			of += " of " + s.Key
		}
		line := fmt.Sprintf("%s %q %s %s %q", of, s.Wire, s.Verdict, s.Maptype, s.Word)
		if s.Fault != nil {
			line += " " + s.Fault.Error()
		}
		got = append(got, line)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if x.Filter != "home/#" || !x.Echo || x.Err == nil || x.Message.Function() != "Lighting" {
		t.Errorf("filter %q, echo %t, %v, %s", x.Filter, x.Echo, x.Err, x.Message)
	}
}

// TestExplainFilter follows section 4.7 of MQTT 3.1.1.
func TestExplainFilter(t *testing.T) {
	tests := []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a/+", "a/b", true},
		{"a/+", "a", false},
		{"a/+", "a/", true},
		{"+", "a", true},
		{"+", "/a", false},
		{"+/+", "/a", true},
		{"/+", "/a", true},
		{"#", "a/b", true},
		{"a/#", "a/b/c", true},
		{"a/#", "a", true},
		{"a/#", "ab", false},
		{"a/+/#", "a", false},
		{"#", "$SYS/x", false},
		{"+/x", "$SYS/x", false},
		{"$SYS/#", "$SYS/x", true},
		{"$share/g/a/#", "a/b", true},
		{"$share/g/#", "$SYS/x", false},
	}
	for _, tt := range tests {
		f, _, err := mapping.Plain("a", []string{tt.filter})
		if err != nil {
			t.Fatal(err)
		}
		c, err := mapping.New("gw", f)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Explain(tt.topic, "on").Filter == tt.filter; got != tt.want {
			t.Errorf("%q matches %q: %t, want %t", tt.filter, tt.topic, got, tt.want)
		}
	}
}
