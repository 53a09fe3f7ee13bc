package users

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"sync"
	"time"
)

// idleTimes is for how long no password is checked after a check, as a multiple of the time that the check took.
const idleTimes = 9

// Login decides whose password is right. Any goroutine may use it.
type Login struct {
	users List
	turn  chan struct{} // has a token while a password is checked, and for a while afterwards

	key    []byte
	mu     sync.Mutex
	fitted map[string][sha256.Size]byte // by user: digest of the password with which the user has signed in
}

// NewLogin returns the Login of some users.
func NewLogin(of List) *Login {
	return &Login{users: of, turn: make(chan struct{}, 1), key: []byte(rand.Text()), fitted: make(map[string][sha256.Size]byte)}
}

// ErrGone is the error of Admits for a password that was not checked, which therefore is neither right nor wrong.
var ErrGone = errors.New("client has gone before its password was checked")

// Admits reports whether the password is the user's. Passwords are checked one at a time, and during a tenth of the
// time, so that a flood of wrong passwords costs a tenth of a processor at most. A user who has signed in before does
// not wait. The wait ends with ErrGone when gone is closed, which means that the connection has ended.
func (l *Login) Admits(name string, password []byte, gone <-chan struct{}) (fits bool, err error) {
	if l.Remembers(name, password) {
		return true, nil
	}
	select {
	case l.turn <- struct{}{}:
	case <-gone:
		return false, ErrGone
	}
	began := time.Now()
	fits = l.users.admits(name, password)
	time.AfterFunc(idleTimes*time.Since(began), func() { <-l.turn })
	if fits {
		l.mu.Lock()
		l.fitted[name] = l.digest(password)
		l.mu.Unlock()
	}
	return fits, nil
}

// Remembers reports whether the user has signed in with this password before. Remembers never waits.
func (l *Login) Remembers(name string, password []byte) bool {
	l.mu.Lock()
	sum, ok := l.fitted[name]
	l.mu.Unlock()
	given := l.digest(password)
	return subtle.ConstantTimeCompare(given[:], sum[:]) == 1 && ok
}

func (l *Login) digest(password []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, l.key)
	h.Write(password)
	h.Sum(sum[:0])
	return sum
}
