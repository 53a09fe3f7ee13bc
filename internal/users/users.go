// Package users knows who may sign in with a password: at the embedded broker, and at the gateway's web server. Its file is that of
// mosquitto.
package users

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// List holds the users that may sign in; the zero List has none. A List holds hashes, not passwords. Any goroutine may
// use it.
type List struct {
	names  []string // in the order of the file
	hashes map[string]hash
	most   int               // the largest number of iterations among the hashes and nobody's
	text   [sha256.Size]byte // digest of the file
}

// Parse reads a file of users, one on each line, and skips empty lines and lines that begin with #:
//
//	NAME:PASSWORD
//	NAME:$7$ITERATIONS$SALT$HASH    as mosquitto_passwd writes it
//
// A password that begins with $ must be hashed. The error joins all faults, each with its line and without the
// password.
func Parse(text []byte) (List, error) {
	u := List{hashes: make(map[string]hash), most: nobody.iterations, text: sha256.Sum256(text)}
	var faults []error
	number := 0
	for line := range bytes.Lines(text) {
		number++
		content := strings.TrimRight(string(line), "\r\n")
		if strings.TrimSpace(content) == "" || strings.HasPrefix(content, "#") {
			continue
		}
		if err := u.add(content); err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", number, err))
		}
	}
	if len(u.names) == 0 && faults == nil {
		faults = append(faults, errors.New("nobody is in it: want lines of NAME:PASSWORD"))
	}
	return u, errors.Join(faults...)
}

// Names returns the names of the users, in the order of the file.
func (u List) Names() []string { return u.names }

// Equal reports whether both lists were read from the same text.
func (u List) Equal(other List) bool { return u.text == other.text }

func (u *List) add(line string) error {
	name, password, found := strings.Cut(line, ":")
	switch {
	case !found || name == "" || password == "":
		return errors.New("want NAME:PASSWORD")
	case !utf8.ValidString(line):
		return errors.New("no UTF-8")
	case u.hashes[name].sum != nil:
		return fmt.Errorf("user %q is there already", name)
	}
	h, err := readHash(password)
	if err != nil {
		return fmt.Errorf("user %q: %w", name, err)
	}
	u.names = append(u.names, name)
	u.hashes[name] = h
	u.most = max(u.most, h.iterations)
	return nil
}

// nobody is the hash with which the password of an unknown name is compared.
var nobody = newHash(rand.Text())

// admits reports whether the password is the user's. Checking an unknown name takes as long as a wrong password of any
// user, so that the time does not tell which users exist.
func (u List) admits(name string, password []byte) bool {
	h, rest, known := u.check(name)
	fits := h.fits(password)
	if rest > 0 {
		filler := hash{iterations: rest, salt: h.salt}
		_ = filler.of(password)
	}
	return fits && known
}

// check returns the hash to compare a name's password with, and the number of iterations to add so that all names cost
// the same.
func (u List) check(name string) (h hash, rest int, known bool) {
	h, known = u.hashes[name]
	if !known {
		h = nobody
	}
	return h, u.most - h.iterations, known
}

// Shown returns the name for the log. An unknown name is not shown: it may be a password, typed in the wrong place.
func (u List) Shown(name string) string {
	switch _, known := u.hashes[name]; {
	case known:
		return name
	case name == "":
		return "(none)"
	}
	return "(unknown)"
}

// hash is a hashed password in mosquitto's form: PBKDF2 with HMAC-SHA512.
type hash struct {
	iterations int
	salt, sum  []byte
}

// usualIterations is mosquitto's own number. mostIterations limits the cost of a login.
const (
	usualIterations = 101
	mostIterations  = 1_000_000
)

func newHash(password string) hash {
	h := hash{iterations: usualIterations, salt: make([]byte, 12)}
	_, _ = rand.Read(h.salt) // never fails
	h.sum = h.of([]byte(password))
	return h
}

// readHash reads a hashed password, or hashes a plain one.
func readHash(password string) (hash, error) {
	if !strings.HasPrefix(password, "$") {
		return newHash(password), nil
	}
	wrong := errors.New("want a password that does not begin with $, or $7$… as mosquitto_passwd writes it")
	parts := strings.Split(password, "$")
	if len(parts) != 5 || parts[1] != "7" {
		return hash{}, wrong
	}
	var h hash
	var err error
	if h.iterations, err = strconv.Atoi(parts[2]); err != nil || h.iterations < 1 || h.iterations > mostIterations {
		return hash{}, wrong
	}
	if h.salt, err = base64.StdEncoding.DecodeString(parts[3]); err != nil || len(h.salt) == 0 {
		return hash{}, wrong
	}
	if h.sum, err = base64.StdEncoding.DecodeString(parts[4]); err != nil || len(h.sum) != sha512.Size {
		return hash{}, wrong
	}
	return h, nil
}

func (h hash) of(password []byte) []byte {
	sum, err := pbkdf2.Key(sha512.New, string(password), h.salt, h.iterations, sha512.Size)
	if err != nil {
		return nil // a security policy of the system forbids the salt's or the sum's length: nobody may sign in
	}
	return sum
}

func (h hash) fits(password []byte) bool {
	return h.sum != nil && subtle.ConstantTimeCompare(h.of(password), h.sum) == 1
}
