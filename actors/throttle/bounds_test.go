package throttle

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFullBook(t *testing.T) {
	name := func(i int) Kind { return Kind{"device", fmt.Sprint(i), ""} }
	fill := func() *Book[string] {
		b := New[string](10*time.Second, 3)
		for i := range 3 {
			b.Note(at(float64(i)), name(i), "", 0)
		}
		return b
	}

	t.Run("all open", func(t *testing.T) {
		b := fill()
		if !b.Note(at(3), name(3), "", 0) {
			t.Error("the first of the others is not fresh")
		}
		for i := range 1000 {
			if b.Note(at(4), name(4+i), fmt.Sprint(i), 0) {
				t.Fatalf("kind %d is fresh although the book is full", 4+i)
			}
		}
		sums := b.Due(at(13))
		if len(sums) != 1 || sums[0].Kind != Others || sums[0].More != 1000 || sums[0].Latest != "999" {
			t.Errorf("got %v, want 1000 more of %v", sums, Others)
		}
	})
	t.Run("the least recently failing makes room", func(t *testing.T) {
		b := fill()
		b.Note(at(15), name(0), "", 0)
		b.Due(at(20))
		if !b.Note(at(23), name(3), "", 0) {
			t.Error("a new kind is not fresh although others are closed")
		}
		if b.accounts[name(1)] != nil || b.accounts[name(3)] == nil || len(b.accounts) != 3 {
			t.Errorf("have %v, want all but %v", b.accounts, name(1))
		}
	})
	t.Run("what is counted stays", func(t *testing.T) {
		b := fill()
		for i := range 3 {
			b.Note(at(5), name(i), "", 0)
		}
		b.Note(at(100), name(3), "", 0)
		if got := len(b.Due(at(100))); got != 3 {
			t.Errorf("%d sums, want that of each of the 3 kinds", got)
		}
		b.Note(at(100), name(4), "", 0)
		if b.accounts[name(4)] == nil {
			t.Error("no room although all is said")
		}
	})
	t.Run("room as soon as one closes", func(t *testing.T) {
		b := fill()
		for _, test := range []struct {
			seconds float64
			open    bool
		}{{3, false}, {19.9, false}, {20, true}, {21, true}, {21.5, false}} {
			k := Kind{"new", fmt.Sprint(test.seconds), ""}
			b.Note(at(test.seconds), k, "", 0)
			if open := b.accounts[k] != nil; open != test.open {
				t.Errorf("an account of its own at %g s: %t, want %t", test.seconds, open, test.open)
			}
		}
	})
}

func TestLongNames(t *testing.T) {
	b := New[string](10*time.Second, 8)
	long := Kind{strings.Repeat("ä€", 1000), strings.Repeat("x", 1000), ""}
	b.Note(at(0), long, "", 0)
	for k := range b.accounts {
		if len(k.Who) > longest || len(k.What) > longest || !utf8.ValidString(k.Who) {
			t.Errorf("keeps %d and %d bytes, valid %t; want at most %d, valid",
				len(k.Who), len(k.What), utf8.ValidString(k.Who), longest)
		}
	}
	if _, line := b.Recover(at(1), long.Who, long.What); !line {
		t.Error("the recovery of a kind with a long name is not found")
	}
}
