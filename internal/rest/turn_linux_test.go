package rest

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Who waits for something that has come gets it while other work passes, though that work could go on. As a rule it takes one pass: now and
// then the scheduler takes the work out of its turn, or the kernel lets what has come wait. Without passes it is 10 ms.
func TestPass(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	got := make(chan byte, 1)
	go func() {
		for b := make([]byte, 1); ; got <- b[0] {
			if _, err := read.Read(b); err != nil {
				return
			}
		}
	}()
	r := Begin()
	defer r.End()
	pass := func() {
		r.slept, r.passed = time.Now().Add(time.Hour), time.Time{}
		r.Due()
	}
	pass() // the goroutine begins to wait
	const rounds = 200
	passes := 0
	for i := range byte(rounds) {
		if _, err := write.Write([]byte{i}); err != nil {
			t.Fatal(err)
		}
		for came := false; !came; passes++ {
			pass()
			select {
			case b := <-got:
				if came = true; b != i {
					t.Fatalf("got %d, want %d", b, i)
				}
			default:
			}
		}
	}
	if passes > 100*rounds {
		t.Errorf("what has come waits for %d passes, want few", passes/rounds)
	}
}

// In a flood, when something can run at any time, work no longer waits until nothing can.
func TestFlood(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var over atomic.Bool
	var flowing sync.WaitGroup
	flowing.Go(func() {
		for !over.Load() {
			for began := time.Now(); time.Since(began) < 2*slowPass; {
			}
			runtime.Gosched()
		}
	})
	defer flowing.Wait()
	defer over.Store(true)
	r := Begin()
	defer r.End()
	for range 10 * flood {
		r.slept, r.passed = time.Now().Add(time.Hour), time.Time{}
		if r.Due(); !r.passes {
			return
		}
	}
	t.Error("it goes on to pass")
}
