package actors

import (
	"slices"
	"sync"
	"testing"
)

func TestResults(t *testing.T) {
	o := &results{epoch: 7}
	if !o.add(result{number: 1}) || o.add(result{number: 2}) {
		t.Error("want the connection told of the first, and only of that")
	}
	if got := o.take(); !slices.Equal(got, []result{{number: 1}, {number: 2}}) {
		t.Errorf("taken %v, want both", got)
	}
	if got := o.take(); len(got) > 0 {
		t.Errorf("taken again: %v", got)
	}
	if !o.add(result{number: 3}) {
		t.Error("want the connection told once it has taken those before")
	}
}

// However adding and taking fall together, whoever takes when told misses none and sees them in order.
func TestResultsAtOnce(t *testing.T) {
	const n = 10_000
	o := &results{}
	told := make(chan struct{}, n)
	var adding sync.WaitGroup
	adding.Go(func() {
		for i := range uint64(n) {
			if o.add(result{number: i}) {
				told <- struct{}{}
			}
		}
	})
	for next := uint64(0); next < n; {
		<-told
		for _, one := range o.take() {
			if one.number != next {
				t.Fatalf("taken %d, want %d", one.number, next)
			}
			next++
		}
	}
	adding.Wait()
}
