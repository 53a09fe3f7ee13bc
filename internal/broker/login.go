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

// gatewayName is who the gateway is to its own broker. A user of the same name is someone else.
const gatewayName = "gateway"

// idleTimes is how long no password is checked after one was, in lengths of that check.
const idleTimes = 9

// login decides who is who.
type login struct {
	open     bool   // to anybody
	users    Users  // else to these,
	password string // and to the gateway with this one

	turn chan struct{} // holds a token while a password is checked, and for a while afterwards

	key    []byte
	mu     sync.Mutex
	fitted map[string][sha256.Size]byte // by user: of the password that did, with key
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

// admits tells whether the password is the user's. Passwords are checked one at a time, and for a tenth of the time, so
// that a flood of wrong ones costs no more than a tenth of a processor, and those who have signed in before don't wait
// behind it. Whoever hangs up meanwhile, or is cut off, has his turn no more.
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

// OnConnectAuthenticate is asked when CONNECT has been read.
func (h *hooks) OnConnectAuthenticate(c *mochi.Client, p packets.Packet) bool {
	g := c.Net.Conn.(*guest)
	name, password := p.Connect.Username, p.Connect.Password
	g.id, g.own = c.ID, h.login.isGateway(name, password)
	g.keeps = !p.Connect.Clean
	if p.ProtocolVersion == 5 {
		g.keeps = p.Properties.SessionExpiryInterval > 0
	}
	if !g.own && !h.login.admits(name, password, g.gone) {
		h.complain("embedded broker refused a login", "user", h.login.users.shown(string(name)), "remote", c.Net.Remote)
		return false
	}
	err := h.door.enter(g, func(inside map[*guest]struct{}) error { return h.admit(c, g, inside) })
	if err == nil {
		return true
	}
	if code, ok := err.(packets.Code); ok { //nolint:errorlint // admit wraps nothing
		_ = h.server.SendConnack(c, code, false, nil)
		c.Stop(code) // or mochi would say that it was the password
	}
	return false
}
