package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestKeeper(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	k := New()
	k.Start()
	large := make([]byte, 200<<20)
	for large[0] = 1; inForce(k) != 100/share; time.Sleep(time.Millisecond) { // or the test takes too long
		runtime.GC()
	}
	runtime.KeepAlive(large)
	for inForce(k) <= 100 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
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

func inForce(k *Keeper) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.percent
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
