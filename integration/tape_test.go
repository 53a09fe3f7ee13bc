package integration

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is longer than any wait takes, if all is well.
const patience = 10 * time.Second

// tape keeps values in the order in which they came, and lets a test wait for values to come. Several goroutines may
// use a tape at the same time.
type tape[T any] struct {
	mu    sync.Mutex
	all   []T
	ended bool
	more  chan struct{} // closed at the next change, if somebody waits
}

func (p *tape[T]) add(v T) {
	p.change(func() { p.all = append(p.all, v) })
}

// end says that no more values come.
func (p *tape[T]) end() {
	p.change(func() { p.ended = true })
}

func (p *tape[T]) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
}

// from returns a copy of the values from place n on, whether the tape has ended, and a channel that is closed when
// there is more.
func (p *tape[T]) from(n int) (items []T, ended bool, more <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more == nil {
		p.more = make(chan struct{})
	}
	return slices.Clone(p.all[min(n, len(p.all)):]), p.ended, p.more
}

// len returns the number of values.
func (p *tape[T]) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

// next waits for the value in place n; ok is false at the tape's end, and when the value takes longer than within.
func (p *tape[T]) next(n int, within time.Duration) (v T, ok bool) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		items, ended, more := p.from(n)
		if len(items) > 0 {
			return items[0], true
		}
		if ended {
			return v, false
		}
		select {
		case <-more:
		case <-timeout.C:
			return v, false
		}
	}
}

// find waits for the first value from place n on for which fits returns true, and returns it and the place behind it.
func (p *tape[T]) find(n int, within time.Duration, fits func(T) bool) (v T, after int, ok bool) {
	deadline := time.Now().Add(within)
	for {
		v, ok := p.next(n, time.Until(deadline))
		if !ok {
			return v, n, false
		}
		n++
		if fits(v) {
			return v, n, true
		}
	}
}

func TestTape(t *testing.T) {
	var p tape[int]
	go func() {
		for i := range 100 {
			p.add(i)
		}
		p.end()
	}()
	if v, after, ok := p.find(3, patience, func(v int) bool { return v%10 == 7 }); v != 7 || after != 8 || !ok {
		t.Errorf("found %d, %t, and %d behind it, want 7 and 8", v, ok, after)
	}
	if _, _, ok := p.find(8, patience, func(v int) bool { return v == 7 }); ok {
		t.Error("7 was found behind its place")
	}
	if _, ok := p.next(100, patience); ok {
		t.Error("something came after the end")
	}
}
