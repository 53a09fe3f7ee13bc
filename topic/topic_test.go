package topic_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/topic"
)

// wants compares an error with want, a part of its text; "": no error.
func wants(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%.60q: got %v, want %q", what, err, want)
	}
}

// Texts that no topic, filter, level or root may contain.
var badTexts = []struct{ text, err string }{
	{"a\x00b", "U+0000"},
	{"a\tb", "U+0009"}, // mosquitto hangs up on it
	{"a\x7fb", "U+007F"},
	{"a\u0085b", "U+0085"},
	{"a\ufffe", "U+FFFE"},
	{"a\U0001ffff", "U+1FFFF"},
	{"a\ufdd0", "U+FDD0"},
	{"a\xff", "not UTF-8"},
	{"a\xed\xa0\x80", "not UTF-8"}, // a surrogate
	{strings.Repeat("x", 65_536), "65536 bytes"},
}

func TestTexts(t *testing.T) {
	for _, row := range badTexts {
		for _, check := range []func(string) error{topic.CheckText, topic.CheckName, topic.Check, topic.CheckLevel, topic.CheckRoot, topic.CheckFilter} {
			wants(t, row.text, check(row.text), row.err)
		}
	}
	for _, good := range []string{"home", "Küche", "☃", "a b", "\ufffd", strings.Repeat("x", topic.MaxName)} {
		for _, check := range []func(string) error{topic.CheckText, topic.CheckName, topic.Check, topic.CheckLevel, topic.CheckRoot, topic.CheckFilter} {
			wants(t, good, check(good), "")
		}
	}
}

func TestTopics(t *testing.T) {
	deep := strings.Repeat("/", 200)
	for _, row := range []struct{ text, name, level, root, filter string }{ // the errors of Check, CheckLevel, CheckRoot, CheckFilter
		{"", "is empty", "", "", "is empty"},
		{"home/Audio", "", "holds '/'", "", ""},
		{"home//gw/", "", "holds '/'", "the / at its end", ""},
		{"/home", "", "holds '/'", "", ""},
		{"/", "", "holds '/'", "the / at its end", ""},
		{"a/+/b", "wildcard +", "holds '/'", "holds '+'", ""},
		{"#", "wildcard #", "holds '#'", "holds '#'", ""},
		{"+", "wildcard +", "holds '+'", "holds '+'", ""},
		{"a/#", "wildcard #", "holds '/'", "holds '#'", ""},
		{"a/#/b", "wildcard #", "holds '/'", "holds '#'", "# must be the last level"},
		{"a#", "wildcard #", "holds '#'", "holds '#'", `level "a#"`},
		{"a/+b", "wildcard +", "holds '/'", "holds '+'", `level "+b"`},
		{"$SYS/x", "", "holds '/'", "begins with $", ""},
		{"$share/g/a/#", "wildcard #", "holds '/'", "begins with $", ""},
		{"$share/g", "", "holds '/'", "begins with $", "want $share/GROUP/FILTER"},
		{"$share//a", "", "holds '/'", "begins with $", "want $share/GROUP/FILTER"},
		{"$share/g/", "", "holds '/'", "begins with $", "want $share/GROUP/FILTER"},
		{"$share/+/a", "wildcard +", "holds '/'", "begins with $", "want $share/GROUP/FILTER"},
		{"$share", "", "", "begins with $", "want $share/GROUP/FILTER"},
		{"$shared/a", "", "holds '/'", "begins with $", ""},
		{deep, "", "holds '/'", "the / at its end", ""},
		{deep + "/", "has 202 levels: want 201 at most", "holds '/'", "the / at its end", "has 202 levels"},
		{deep[:100] + "x", "", "holds '/'", "", ""},
		{deep[:101] + "x", "", "holds '/'", "has 102 levels: want 101 at most", ""},
		{strings.Repeat("x", topic.MaxName+1), "", "has 16001 bytes", "has 16001 bytes", ""},
	} {
		wants(t, "topic "+row.text, topic.Check(row.text), row.name)
		wants(t, "level "+row.text, topic.CheckLevel(row.text), row.level)
		wants(t, "root "+row.text, topic.CheckRoot(row.text), row.root)
		wants(t, "filter "+row.text, topic.CheckFilter(row.text), row.filter)
	}
}
