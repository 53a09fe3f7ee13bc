package mailbox

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// A goroutine that is not idle, and does not end, lets the bubble fail.
func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(Workers)
		idle := func() int {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.idle)
		}
		var all sync.WaitGroup
		block := make(chan struct{})
		for range 3 * mostIdle {
			all.Add(1)
			w.Schedule(func() {
				defer all.Done()
				<-block
			})
		}
		all.Add(1)
		w.Schedule(func() {
			defer all.Done()
			runtime.Goexit() // ends the goroutine, and nothing else
		})
		close(block)
		all.Wait()
		synctest.Wait()
		if n := idle(); n != mostIdle {
			t.Errorf("%d goroutines wait, want %d", n, mostIdle)
		}
		for range 100 { // one after another
			done := make(chan struct{})
			w.Schedule(func() { close(done) })
			<-done
			synctest.Wait()
		}
		if n := idle(); n != mostIdle {
			t.Errorf("%d goroutines after work one by one, want the same %d", n, mostIdle)
		}
		w.End()
		late := make(chan struct{})
		w.Schedule(func() { close(late) })
		<-late
		synctest.Wait()
		if n := idle(); n != 0 {
			t.Errorf("%d goroutines wait after the end", n)
		}
	})
}
