package broker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// gatewayName is the name by which the gateway signs in. A user of the same name is not the gateway.
const gatewayName = "gateway"

// idleTimes is for how long no password is checked after a check, as a multiple of the time that the check took.
const idleTimes = 9

// login decides who may sign in.
type login struct {
	open     bool   // every client may sign in
	users    Users  // otherwise these users may,
	password string // and the gateway may, with this password

	turn chan struct{} // has a token while a password is checked, and for a while afterwards

	key    []byte
	mu     sync.Mutex
	fitted map[string][sha256.Size]byte // by user: digest of the password with which the user has signed in
}

func newLogin(users Users) *login {
	return &login{
		open:     len(users.names) == 0,
		users:    users,
		password: rand.Text(),
		turn:     make(chan struct{}, 1),
		key:      []byte(rand.Text()),
		fitted:   make(map[string][sha256.Size]byte),
	}
}

func (l *login) isGateway(name, password []byte) bool {
	return string(name) == gatewayName && subtle.ConstantTimeCompare(password, []byte(l.password)) == 1
}

// admits reports whether the password is the user's. Passwords are checked one at a time, and during a tenth of the
// time, so that a flood of wrong passwords costs a tenth of a processor at most. A user who has signed in before does
// not wait. The wait ends when gone is closed, which means that the connection has ended.
func (l *login) admits(name, password []byte, gone <-chan struct{}) bool {
	if l.open || l.remembers(name, password) {
		return true
	}
	select {
	case l.turn <- struct{}{}:
	case <-gone:
		return false
	}
	began := time.Now()
	fits := l.users.admits(string(name), password)
	time.AfterFunc(idleTimes*time.Since(began), func() { <-l.turn })
	if fits {
		l.mu.Lock()
		l.fitted[string(name)] = l.digest(password)
		l.mu.Unlock()
	}
	return fits
}

func (l *login) remembers(name, password []byte) bool {
	l.mu.Lock()
	sum, ok := l.fitted[string(name)]
	l.mu.Unlock()
	given := l.digest(password)
	return subtle.ConstantTimeCompare(given[:], sum[:]) == 1 && ok
}

func (l *login) digest(password []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, l.key)
	h.Write(password)
	h.Sum(sum[:0])
	return sum
}

// OnConnectAuthenticate is called when CONNECT has been read.
func (h *hooks) OnConnectAuthenticate(c *mochi.Client, p packets.Packet) bool {
	conn := c.Net.Conn.(*connection)
	name, password := p.Connect.Username, p.Connect.Password
	conn.id, conn.own = c.ID, h.login.isGateway(name, password)
	conn.keeps = !p.Connect.Clean
	if p.ProtocolVersion == 5 {
		conn.keeps = p.Properties.SessionExpiryInterval > 0
	}
	if !conn.own && !h.login.admits(name, password, conn.gone) {
		h.complain("embedded broker refused a login", "user", h.login.users.shown(string(name)), "remote", c.Net.Remote)
		return false
	}
	err := h.listener.signIn(conn, func(others map[*connection]struct{}) error { return h.admit(c, conn, others) })
	if err == nil {
		return true
	}
	if code, ok := err.(packets.Code); ok { //nolint:errorlint // admit wraps nothing
		_ = h.server.SendConnack(c, code, false, nil)
		c.Stop(code) // otherwise mochi answers that the password is wrong
	}
	return false
}
