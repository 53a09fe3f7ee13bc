package actors

import (
	"fmt"
	"slices"
	"testing"
)

func TestRetainedTopics(t *testing.T) {
	var r retainedTopics
	want := func(device string, more int, topics ...string) {
		t.Helper()
		if got, n := r.forget(device); !slices.Equal(got, topics) || n != more {
			t.Errorf("%s had %q and %d more, want %q and %d", device, got, n, topics, more)
		}
	}
	want("a", 0)
	for _, p := range [][2]string{{"a", "t"}, {"a", "u"}, {"a", "t"}, {"b", "u"}, {"b", "v"}, {"c", "v"}, {"b", "v"}} {
		r.remember(p[0], p[1])
	}
	want("a", 0, "t")
	want("a", 0)
	want("b", 0, "u", "v")
	want("c", 0)
	for i := range mostRetained + 10 {
		r.remember("d", fmt.Sprint(i))
	}
	r.remember("d", "0")
	if got, more := r.forget("d"); len(got) != mostRetained || more != 10 {
		t.Errorf("%d remembered and %d more, want %d and 10", len(got), more, mostRetained)
	}
	if len(r.of)+len(r.device) != 0 {
		t.Errorf("left: %v, %v", r.of, r.device)
	}
}
