package mailbox

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		w := new(Workers)
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
		if n := runtime.NumGoroutine() - before; n != mostIdle {
			t.Errorf("%d goroutines wait, want %d", n, mostIdle)
		}
		for range 100 { // one after another
			done := make(chan struct{})
			w.Schedule(func() { close(done) })
			<-done
			synctest.Wait()
		}
		if n := runtime.NumGoroutine() - before; n != mostIdle {
			t.Errorf("%d goroutines after work one by one, want the same %d", n, mostIdle)
		}
		w.End()
		late := make(chan struct{})
		w.Schedule(func() { close(late) })
		<-late
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n != 0 {
			t.Errorf("%d goroutines are left", n)
		}
	})
}
