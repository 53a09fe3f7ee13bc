package broker

import (
	"crypto/rand"
	"crypto/subtle"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttgateway/mqttgateway/internal/users"
)

// gatewayName is the name by which the gateway signs in. A user of the same name is not the gateway.
const gatewayName = "gateway"

// login decides who may sign in.
type login struct {
	open     bool       // every client may sign in
	users    users.List // otherwise these users may,
	known    *users.Login
	password string // and the gateway may, with this password
}

func newLogin(of users.List) *login {
	return &login{open: len(of.Names()) == 0, users: of, known: users.NewLogin(of), password: rand.Text()}
}

func (l *login) isGateway(name, password []byte) bool {
	return string(name) == gatewayName && subtle.ConstantTimeCompare(password, []byte(l.password)) == 1
}

// admits reports whether a client may sign in. It may have to wait, until gone is closed: see [users.Login.Admits].
func (l *login) admits(name, password []byte, gone <-chan struct{}) (bool, error) {
	if l.open {
		return true, nil
	}
	return l.known.Admits(string(name), password, gone)
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
	if !conn.own {
		switch fits, err := h.login.admits(name, password, conn.gone); {
		case err != nil: // the client has gone, and nothing is known of its password
			return false
		case !fits:
			h.complain("embedded broker refused a login", "user", h.login.users.Shown(string(name)), "remote", c.Net.Remote)
			return false
		}
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
