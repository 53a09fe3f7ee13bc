package throttle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for _, row := range []struct {
		name string
		same []string // errors of one kind
		want string
	}{
		{"no error", []string{""}, ""},
		{"numbers", []string{"not done after 10s", "not done after 7s"}, "not done after s"},
		{"ports", []string{"dial tcp 127.0.0.1:1883: connect: refused", "dial tcp 10.0.0.7:50432: connect: refused"}, "dial tcp ...:: connect: refused"},
		{"quotes", []string{`no such port "COM3"`, `no such port "a \"b\" c"`, "no such port `x`", `no such port "open`}, "no such port "},
		{"hexadecimal", []string{"at 0x7ffe01: frame 3f", "at 0xdeadbeef: frame 99"}, "at : frame "},
		{"ids", []string{"job c0ffee12-aa3b-11ee-be56-0242ac120002 gone", "job 01234567-89ab-cdef-0123-456789abcde0 gone"}, "job  gone"},
		{"cards", []string{"from de:ad:be:ef:fa:ce: busy", "from 00:1b:44:11:3a:b7: busy"}, "from : busy"},
		{"words of such letters", []string{"bad face added"}, "bad face added"},
		{"words with digits", []string{"ttyUSB0 and ttyUSB17"}, "ttyUSB and ttyUSB"},
	} {
		for _, text := range row.same {
			if got := Text(errors.New(text)); got != row.want {
				t.Errorf("%s: %q is of kind %q, want %q", row.name, text, got, row.want)
			}
		}
	}
	if got := Text(nil); got != "" {
		t.Errorf("no error is of kind %q", got)
	}
	if got := Text(errors.New(strings.Repeat("x", 1<<20))); len(got) != longest {
		t.Errorf("a long text leaves %d bytes, want %d", len(got), longest)
	}
}

// An error with another text is fresh within the throttle time, too.
func TestAnotherErrorIsFresh(t *testing.T) {
	b := New[string](10*time.Second, 100)
	for i, k := range []Kind{{"lamp", "failure", "panic"}, {"lamp", "failure", "EOF"}, {"lamp", "report", "EOF"}} {
		if !b.Note(at(float64(i)), k, "", 0) || b.Note(at(float64(i)+0.5), k, fmt.Sprint(i), 0) {
			t.Errorf("%v: want the first fresh and the second counted", k)
		}
	}
	r, line := b.Recover(at(6), "lamp", "failure")
	if want := (Recovery[string]{2, "1", 6 * time.Second}); !line || r != want {
		t.Errorf("recovery %+v, %t; want %+v: one line for all errors", r, line, want)
	}
	if got := b.Close(at(7)); len(got) != 1 || got[0].Kind.What != "report" {
		t.Errorf("left are %v, want the report", got)
	}
}

// A device whose errors all differ has a few lines of its own, and leaves room for others.
func TestManyErrorsOfOne(t *testing.T) {
	b := New[string](10*time.Second, 100)
	fresh := 0
	for i := range 1000 {
		if b.Note(at(float64(i)/1000), Kind{"lamp", "failure", fmt.Sprint(i)}, fmt.Sprint(i), 0) {
			fresh++
		}
	}
	if fresh != maxEach+1 || len(b.accounts) != maxEach+1 {
		t.Errorf("%d lines and %d accounts, want %d and one for the rest", fresh, len(b.accounts), maxEach)
	}
	if !b.Note(at(1), Kind{"horn", "failure", "x"}, "", 0) {
		t.Error("another's first error is not fresh")
	}
	if r, line := b.Recover(at(2), "lamp", "failure"); !line || r.More != 1000-maxEach-1 || r.Latest != "999" {
		t.Errorf("recovery %+v, %t; want all that was counted", r, line)
	}
	if got := b.Due(at(100)); len(got) != 0 {
		t.Errorf("after the recovery %v is left", got)
	}
	if !b.Note(at(101), Kind{"lamp", "failure", "new"}, "", 0) || b.accounts[Kind{"lamp", "failure", "new"}] == nil {
		t.Error("a later error has no account of its own, though the others are closed")
	}
	if n := len(b.owned["lamp"]); n != maxEach || slices.Contains(b.owned["lamp"], Kind{"lamp", "failure", "0"}) {
		t.Errorf("%d kinds of one, want %d, without the one that failed least recently", n, maxEach)
	}
}
