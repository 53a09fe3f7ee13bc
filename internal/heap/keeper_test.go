package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestKeeper(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	k := New()
	k.Start()
	large := make([]byte, 200<<20)
	large[0] = 1
	collectUntil(k, func(percent int) bool { return percent == 100/share })
	runtime.KeepAlive(large)
	collectUntil(k, func(percent int) bool { return percent > 100 })
	k.look()
	k.Stop()
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("%d percent after the stop, want what it was before", got)
	}
	runtime.GC()
	k.collected()
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("%d percent: it goes on after the stop", got)
	}
}

// collectUntil collects, which is what the keeper follows, until it has set a percentage that will do.
func collectUntil(k *Keeper, will func(percent int) bool) {
	for done := false; !done; {
		runtime.GC()
		runtime.Gosched() // to the runtime's goroutine that calls the keeper
		k.mu.Lock()
		done = will(k.percent)
		k.mu.Unlock()
	}
}

func TestNothingToKeep(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "1GiB")
			k := New()
			if k != nil {
				t.Error("the operator's word does not count")
			}
			k.Start()
			k.Stop()
		})
	}
}
