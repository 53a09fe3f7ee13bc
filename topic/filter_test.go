package topic_test

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/topic"
)

func TestMatches(t *testing.T) {
	for _, row := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a", false},
		{"a/b", "a/b/c", false},
		{"a/+", "a/", true},
		{"a/+", "a", false},
		{"a/#", "a", true},
		{"a/#", "a/b/c", true},
		{"#", "a//b", true},
		{"+/+", "/", true},
		{"#", "$SYS/a", false},
		{"+/a", "$SYS/a", false},
		{"$SYS/#", "$SYS/a", true},
		{"$share/g/a/#", "a/b", true},
		{"$share/g/#", "$SYS/a", false},
		{"$share/g", "$share/g", true}, // not a valid filter
	} {
		if got := topic.Matches(row.filter, row.topic); got != row.want {
			t.Errorf("%s matches %s: got %t", row.filter, row.topic, got)
		}
		if row.want && !topic.Overlap(row.filter, row.topic) {
			t.Errorf("%s matches %s and does not overlap it", row.filter, row.topic)
		}
	}
}

func TestCutShare(t *testing.T) {
	for _, row := range []struct{ filter, share, rest string }{
		{"a/#", "", "a/#"},
		{"$share/g/a/#", "$share/g/", "a/#"},
		{"$share/g//", "$share/g/", "/"},
		{"$share/g/", "", "$share/g/"},
		{"$share//a", "", "$share//a"},
		{"$share/+/a", "", "$share/+/a"},
		{"$share", "", "$share"},
		{"$shared/g/a", "", "$shared/g/a"},
	} {
		if share, rest := topic.CutShare(row.filter); share != row.share || rest != row.rest {
			t.Errorf("%s: got %q and %q", row.filter, share, rest)
		}
	}
}

// If two filters match the same topic, Overlap returns true.
func FuzzFilters(f *testing.F) {
	for _, seed := range [][3]string{{"a/+/#", "+/b", "a/b"}, {"#", "$SYS/#", "$SYS/a"}, {"$share/g/a", "a/#", "a"}, {"", "/", "//"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, a, b, name string) {
		both := topic.Matches(a, name) && topic.Matches(b, name)
		if both && topic.Check(name) == nil && topic.CheckFilter(a) == nil && topic.CheckFilter(b) == nil && !topic.Overlap(a, b) {
			t.Errorf("%q and %q match %q, and do not overlap", a, b, name)
		}
		if topic.Overlap(a, b) != topic.Overlap(b, a) {
			t.Errorf("%q overlaps %q in one order only", a, b)
		}
		if share, rest := topic.CutShare(a); share+rest != a {
			t.Errorf("%q is cut into %q and %q", a, share, rest)
		}
	})
}
