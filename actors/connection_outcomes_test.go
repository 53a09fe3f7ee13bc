package actors

import (
	"slices"
	"sync"
	"testing"
)

func TestOutcomes(t *testing.T) {
	o := &outcomes{epoch: 7}
	if !o.add(outcome{order: 1}) || o.add(outcome{order: 2}) {
		t.Error("want the connection told of the first, and only of that")
	}
	if got := o.take(); !slices.Equal(got, []outcome{{order: 1}, {order: 2}}) {
		t.Errorf("taken %v, want both", got)
	}
	if got := o.take(); len(got) > 0 {
		t.Errorf("taken again: %v", got)
	}
	if !o.add(outcome{order: 3}) {
		t.Error("want the connection told once it has taken those before")
	}
}

// However adding and taking fall together, whoever takes when told misses none and sees them in order.
func TestOutcomesAtOnce(t *testing.T) {
	const n = 10_000
	o := &outcomes{}
	told := make(chan struct{}, n)
	var adding sync.WaitGroup
	adding.Go(func() {
		for i := range uint64(n) {
			if o.add(outcome{order: i}) {
				told <- struct{}{}
			}
		}
	})
	for next := uint64(0); next < n; {
		<-told
		for _, one := range o.take() {
			if one.order != next {
				t.Fatalf("taken %d, want %d", one.order, next)
			}
			next++
		}
	}
	adding.Wait()
}
