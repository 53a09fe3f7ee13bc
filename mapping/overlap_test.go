package mapping

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/topic"
)

func TestReduced(t *testing.T) {
	for _, tt := range []struct {
		name    string
		filters string
		kept    string
		covered string // covered filters, each with the one that covers it
	}{
		{"none", "", "", ""},
		{"one", "home/#", "home/#", ""},
		{"the whole root", "home/# home/lighting/+/+/+/+/C", "home/#", "home/lighting/+/+/+/+/C<home/#"},
		{"the wide one last", "home/lighting/+/+/+/+/C home/audio/# home/#", "home/#", "home/lighting/+/+/+/+/C<home/# home/audio/#<home/#"},
		{"in steps", "a/b/c a/b/+ a/+/+", "a/+/+", "a/b/c<a/+/+ a/b/+<a/+/+"},
		{"one twice", "home/# home/#", "home/#", "home/#<home/#"},
		{"overlapping", "home/+/a/# home/b/#", "home/+/a/# home/b/#", ""},
		{"the parent is among #", "home/# home", "home/#", "home<home/#"},
		{"the parent is not among +", "home/+ home", "home/+ home", ""},
		{"more than +", "home/+ home/#", "home/#", "home/+<home/#"},
		{"+ and #", "+/x # +/#", "#", "+/x<# +/#<#"},
		{"$ is not among wildcards", "# +/gateway/# $SYS/gateway/x $SYS/#", "# $SYS/#", "+/gateway/#<# $SYS/gateway/x<$SYS/#"},
		{"$ further down", "home/# home/$gateway/x", "home/#", "home/$gateway/x<home/#"},
		{"shares", "home/# $share/g/home/x $share/g/home/+ $share/h/home/x", "home/# $share/g/home/+ $share/h/home/x", "$share/g/home/x<$share/g/home/+"},
		{"no share", "$share/g # $share/+", "# $share/+", "$share/g<$share/+"},
		{"empty levels", "/+ // /", "/+ //", "/</+"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kept, overlaps := reduced(strings.Fields(tt.filters))
			var covered []string
			for _, o := range overlaps {
				covered = append(covered, o.Filter+"<"+o.Other)
			}
			if got := strings.Join(kept, " "); got != tt.kept {
				t.Errorf("kept %q, want %q", got, tt.kept)
			}
			if got := strings.Join(covered, " "); got != tt.covered {
				t.Errorf("covered %q, want %q", got, tt.covered)
			}
		})
	}
}

// Whatever the filters are, the filters that are kept match the same topics as all of them, none of them is covered by
// another, and two of them overlap if and only if Overlap finds that.
func TestReducedMatchesTheSame(t *testing.T) {
	const seed = 11
	random := rand.New(rand.NewPCG(seed, seed))
	topics := everyTopic(3, "a", "b", "", "$x")
	for round := range 5000 {
		filters := make([]string, 1+random.IntN(5))
		for i := range filters {
			filters[i] = randomFilter(random)
		}
		kept, covered := reduced(filters)
		if len(kept)+len(covered) != len(filters) {
			t.Fatalf("round %d: of %q kept %q, covered %v", round, filters, kept, covered)
		}
		for _, name := range topics {
			if matchesAny(filters, name) != matchesAny(kept, name) {
				t.Fatalf("round %d: %q is matched by %q or by %q, not both", round, name, filters, kept)
			}
		}
		for i, a := range kept {
			for _, b := range kept[i+1:] {
				both, onlyA, onlyB := compare(a, b, topics)
				if both != topic.Overlap(a, b) || both != topic.Overlap(b, a) {
					t.Fatalf("round %d: %q and %q overlap: %t, want %t", round, a, b, topic.Overlap(a, b), both)
				}
				// +/# matches the same topics as #, which need not be found.
				if (!onlyA || !onlyB) && both && a != "+/#" && b != "+/#" {
					t.Fatalf("round %d: of %q and %q one covers the other", round, a, b)
				}
			}
		}
	}
}

func compare(a, b string, topics []string) (both, onlyA, onlyB bool) {
	for _, name := range topics {
		switch inA, inB := topic.Matches(a, name), topic.Matches(b, name); {
		case inA && inB:
			both = true
		case inA:
			onlyA = true
		case inB:
			onlyB = true
		}
	}
	return both, onlyA, onlyB
}

func matchesAny(filters []string, name string) bool {
	return slices.ContainsFunc(filters, func(filter string) bool { return topic.Matches(filter, name) })
}

// everyTopic returns all topics of up to most levels with these words, and the empty topic: no broker accepts it, but
// it keeps a filter from covering its parent.
func everyTopic(most int, words ...string) (topics []string) {
	below := []string{}
	for n := range most {
		var next []string
		for _, word := range words {
			if n == 0 {
				next = append(next, word)
			}
			for _, above := range below {
				next = append(next, above+"/"+word)
			}
		}
		below = next
		topics = append(topics, next...)
	}
	return topics
}

func randomFilter(random *rand.Rand) string {
	for {
		levels := make([]string, 1+random.IntN(3))
		for i := range levels {
			levels[i] = []string{"a", "b", "", "$x", "+", "+"}[random.IntN(6)]
		}
		if random.IntN(3) == 0 {
			levels[len(levels)-1] = "#"
		}
		if filter := strings.Join(levels, "/"); topic.CheckFilter(filter) == nil {
			return filter
		}
	}
}

func TestOverlaps(t *testing.T) {
	file, _, err := Plain("home", []string{"home/+/a/#", "home/b/#", "home/c/+/+/+/+/C", "home/c/#", "home/d/#", "$share/g/home/d/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(codec.Topics()), "[home/+/a/# home/b/# home/c/# home/d/# $share/g/home/d/#]"; got != want {
		t.Errorf("subscribed to %s, want %s", got, want)
	}
	want := []Overlap{
		{"home/c/+/+/+/+/C", "home/c/#", true},
		{"home/b/#", "home/+/a/#", false},
		{"home/c/#", "home/+/a/#", false},
		{"home/d/#", "home/+/a/#", false},
		{"$share/g/home/d/#", "home/+/a/#", false},
	}
	if got := codec.Overlaps(); !slices.Equal(got, want) {
		t.Errorf("overlaps %v, want %v", got, want)
	}
}
