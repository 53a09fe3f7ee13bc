package users

import (
	"errors"
	"testing"
)

// A user who has signed in before does not wait while other passwords are checked, and who goes away stops waiting.
func TestLoginsWhilePasswordsAreTried(t *testing.T) {
	list, err := Parse([]byte("me:swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	l := NewLogin(list)
	admits := func(password string) bool {
		fits, err := l.Admits("me", []byte(password), nil)
		return fits && err == nil
	}
	if l.Remembers("me", []byte("swordfish")) || !admits("swordfish") {
		t.Fatal("the user does not get in")
	}
	<-waitFor(l) // as if a password were checked for ever
	if !l.Remembers("me", []byte("swordfish")) || !admits("swordfish") {
		t.Error("a user who has signed in before waits")
	}
	gone := make(chan struct{})
	close(gone)
	for _, name := range []string{"me", "nobody"} {
		if fits, err := l.Admits(name, []byte("trout?"), gone); fits || !errors.Is(err, ErrGone) {
			t.Errorf("%s, whose password is to be checked yet: %t, %v", name, fits, err)
		}
	}
	<-l.turn
	if fits, err := l.Admits("me", []byte("trout?"), nil); fits || err != nil {
		t.Errorf("a wrong password: %t, %v", fits, err)
	}
}

// waitFor takes the turn when it is free.
func waitFor(l *Login) <-chan struct{} {
	taken := make(chan struct{})
	go func() { l.turn <- struct{}{}; close(taken) }()
	return taken
}

// The log does not show a name that is no user's: it may be a password, typed in the wrong place.
func TestShown(t *testing.T) {
	list, err := Parse([]byte("me:swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"me": "me", "swordfish": "(unknown)", "you": "(unknown)", "": "(none)"} {
		if got := list.Shown(name); got != want {
			t.Errorf("%q is told as %q, want %q", name, got, want)
		}
	}
}
