package pattern_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/pattern"
	"github.com/mqttgateway/mqttgateway/entity"
)

func compile(t *testing.T, source string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return p
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ source, frame, text string }{
		{`^2([01])$`, "21", "1"},
		{`^2([01])$`, "11", "-"},
		{`^PW(ON|STANDBY)$`, "PWSTANDBY", "STANDBY"},
		{`^SI(.+)$`, "SITV", "TV"},
		{`^\d+$`, "42", "42"}, // without a group
		{`^MV(\d\d)$`, "MVMAX 70", "-"},
		{`(?m)^1-0:1\.7\.0\(([\d.]+)\*kW\)`, "/KFM5\r\n1-0:1.7.0(01.193*kW)\r\n!", "01.193"},
		{`^(?P<v>\d+)$`, "7", "7"},
		{`^A(\d)?$`, "A", ""}, // the group had no part in it
	} {
		found, ok := compile(t, tt.source).Find([]byte(tt.frame))
		if ok != (tt.text != "-") || ok && found.Text() != tt.text {
			t.Errorf("%s in %q: found %v, want %q", tt.source, tt.frame, ok, tt.text)
		}
	}
}

func TestGroups(t *testing.T) {
	p := compile(t, `^MV(?P<v>\d\d)(?P<half>5?)$`)
	found, ok := p.Find([]byte("MV505"))
	if groups := found.Groups(); !ok || !p.Named() || groups["v"] != "50" || groups["half"] != "5" {
		t.Errorf("MV505 gives %v, %v", groups, ok)
	}
	if found, ok = p.Find([]byte("MV50")); !ok || found.Groups()["half"] != "" {
		t.Errorf("MV50 gives %v, %v", found.Groups(), ok)
	}
}

// A fault says where in the pattern it is.
func TestFaults(t *testing.T) {
	for source, says := range map[string]string{
		`^2([01$`:            `missing closing ] at character 4: "[01$"`,
		`^2([01]$`:           `missing closing ) in "^2([01]$"`,
		`^ä\y$`:              `invalid escape sequence at character 3: "\\y"`,
		`^(\d)(\d)$`:         "group 1 of 2 has no name",
		`^(?P<a>1)(?P<a>2)$`: `two groups are called "a"`,
		`a**`:                `invalid nested repetition operator at character 2: "**"`,
	} {
		if _, err := pattern.Compile(source); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", source, err, says)
		}
	}
}

func TestLoose(t *testing.T) {
	for source, says := range map[string]string{
		`^PW(ON|STANDBY)$`:                   "",
		`(?m)^1-0:1\.7\.0\(([\d.]+)\*kW\)`:   "",
		`^(?:A(\d)|B)$`:                      "",
		`\A(.*)\z`:                           "",
		`^MV(\d\d)`:                          "only a part",
		`MV(\d\d)$`:                          "in the middle: want ^ at the beginning",
		`\d+`:                                "in the middle: want ^ at the beginning, and $",
		`^A|B$`:                              "in the middle",
		`(?s)/[^/!]*!(?P<crc>[0-9A-F]{4})\n`: "want ^ at the beginning",
		`^PW(ON|STANDBY)`:                    "only a part",
	} {
		if got := compile(t, source).Loose(); (got == "") != (says == "") || !strings.Contains(got, says) {
			t.Errorf("%s is loose: %q, want %q", source, got, says)
		}
	}
	if got := compile(t, `^PW`).Adrift() + compile(t, `^PW(.)`).Adrift(); got != "" {
		t.Errorf("a pattern that only says how a frame begins is loose: %s", got)
	}
	if compile(t, `PW`).Adrift() == "" {
		t.Error("PW matches anywhere, and nobody says so")
	}
}

func TestReading(t *testing.T) {
	onOff := pattern.Form{ID: "x", Kind: entity.Bool, On: "ON", Off: "STANDBY"}
	for _, tt := range []struct {
		form pattern.Form
		text string
		want string
	}{
		{pattern.Form{ID: "x", Kind: entity.Number}, "01.193", "1.193"},
		{pattern.Form{ID: "x", Kind: entity.Number}, " -007", "-7"},
		{pattern.Form{ID: "x", Kind: entity.Number}, "1,5", `unknown: the device gave no number ("1,5")`},
		{pattern.Form{ID: "x", Kind: entity.Bool}, "1", "true"},
		{pattern.Form{ID: "x", Kind: entity.Bool}, "Off", "false"},
		{pattern.Form{ID: "x", Kind: entity.Bool}, "2", `unknown: the device gave "2", want 1, on or true, or 0, off or false`},
		{onOff, "ON", "true"},
		{onOff, "STANDBY", "false"},
		{onOff, "on", `unknown: the device gave "on", want "ON" or "STANDBY"`},
		{pattern.Form{ID: "x", Kind: entity.Enum, Options: []string{"CD"}}, "CD", `"CD"`},
		{pattern.Form{ID: "x", Kind: entity.Text}, "007", `"007"`},
	} {
		r := tt.form.Reading(tt.text)
		got := r.Value.Raw()
		if r.Err != nil {
			got = "unknown: " + r.Err.Error()
		}
		if r.ID != "x" || got != tt.want {
			t.Errorf("%q as %s is %s, want %s", tt.text, tt.form.Kind, got, tt.want)
		}
	}
}
