package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
)

func TestChanges(t *testing.T) {
	const text = `{"root": "home", "topics": ["home/#"], "function": {"maptype": "none"}, "gateway": {"maptype": "none"},
		"location": {"maptype": "loose", "map": {"Kitchen": ["kitchen"]}}, "device": {"maptype": "none"}, "sender": {"maptype": "none"},
		"action": {"maptype": "strict", "map": {"LIGHT_ON": ["light_on", "on"]}}, "argkey": {"maptype": "none"}, "argvalue": {"maptype": "none"}}`
	codec := func(text string) *mapping.Codec {
		file, _, err := mapping.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c, err := mapping.New("gw", file)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, row := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"only how it is written", `"home", `, `"home",  `, nil},
		{"root and topics", `home`, `house`, []string{"root", "topics"}},
		{"a filter", `home/#`, `home/+/#`, []string{"topics"}},
		{"a maptype", `"maptype": "loose"`, `"maptype": "strict"`, []string{"location"}},
		{"a keyword more", `"light_on", `, `"light_on", "an", `, []string{"action"}},
		{"the one that is written", `"light_on", "on"`, `"on", "light_on"`, []string{"action"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := codec(text).Changes(codec(strings.ReplaceAll(text, row.old, row.new))); !slices.Equal(got, row.want) {
				t.Errorf("changes %q, want %q", got, row.want)
			}
		})
	}
}
