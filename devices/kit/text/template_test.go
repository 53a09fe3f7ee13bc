package text_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestTemplate(t *testing.T) {
	values := map[string]messages.Value{
		"volume": messages.FloatValue(50.5), "half": messages.FloatValue(4.35), "million": messages.IntValue(1000000),
		"five": messages.FloatValue(5), "minus": messages.IntValue(-3), "on": messages.BoolValue(true),
		"input": messages.TextValue("CD"), "press": {},
	}
	for source, want := range map[string]string{
		`MV{{printf "%03.0f" (mul .volume 10)}}`:           "MV505",
		`{{.volume}}`:                                      "50.5",
		`{{.million}}`:                                     "1000000", // and not 1e+06
		`{{printf "%02d" .five}}`:                          "05",      // and not %!d(float64=05)
		`{{printf "%d" .minus}}`:                           "-3",
		`{{printf "%5.2f|%s|%v" .volume .volume .volume}}`: "50.50|50.5|50.5",
		`{{mul .half 100 | int}}`:                          "435", // and not 434
		`{{add .five .half -1}}`:                           "8.35",
		`{{hex .million}}`:                                 "F4240",
		`{{hex 4 .five}}`:                                  "0005",
		`{{pad 3 .five}}`:                                  "005",
		`{{.five | pad 3}}`:                                "005",
		`set={{.on}}`:                                      "set=true",
		`{{if .on}}ON{{else}}OFF{{end}}`:                   "ON",
		`SI{{.input}}`:                                     "SICD",
		`{"a":"{{.input}}"}`:                               `{"a":"CD"}`,
		`{{if gt (int .five) 4}}much{{end}}`:               "much",
		`press{{.press}}`:                                  "press",
	} {
		p, err := text.ParseTemplate(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := p.Render(values); err != nil || got != want {
			t.Errorf("%s gives %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestFaultsOfTemplates(t *testing.T) {
	values := map[string]messages.Value{"x": messages.FloatValue(1.5), "name": messages.TextValue("CD")}
	for source, says := range map[string]string{
		`{{.x`:                               "line 1: unclosed action",
		`{{flour .x}}`:                       `function "flour" not defined`,
		`{{.y}}`:                             `map has no entry for key "y"`,
		`{{printf "%d" .x}}`:                 "a verb of printf has not found what it wants",
		`{{printf "%d"}}`:                    "a verb of printf has not found what it wants",
		`{{mul .name 10}}`:                   `"CD", want a number`,
		`{{pad 3 .x}}`:                       "1.5, want a whole number",
		`{{pad 65 1}}`:                       "want 0 to 64",
		`{{hex 1 2 3}}`:                      "too many numbers",
		`{{range .x}}a{{end}}`:               "has a range",
		`{{if .x}}{{range 9}}{{end}}{{end}}`: "has a range",
		`{{define "a"}}{{end}}`:              "defines a template",
		`{{template "a"}}`:                   "has a range or a template",
		`{{printf "%60000d%60000d" 1 1}}`:    "more than 65536 bytes",
		`{{mul 1e300 1e300}}`:                "the result is too large",
		"{{/* a comment */}}\n{{.y}}":        "line 2",
	} {
		p, err := text.ParseTemplate(source)
		if err == nil {
			_, err = p.Render(values)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", source, err, says)
		}
	}
}
