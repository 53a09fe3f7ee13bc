package broker

import (
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// gatewayName is who the gateway is to its own broker. A user of the same name is someone else.
const gatewayName = "gateway"

// login decides who may connect. Who is in may publish and read everything; without a hook that says so nobody may.
type login struct {
	mochi.HookBase
	open     bool   // to anybody
	users    Users  // else to these,
	password string // and to the gateway with this one
	own      hash   // of password
	refusals refusals
}

func newLogin(users Users, log *slog.Logger) *login {
	password := rand.Text()
	return &login{
		open:     len(users.names) == 0,
		users:    users,
		password: password,
		own:      newHash(password),
		refusals: refusals{log: log},
	}
}

func (*login) ID() string { return "login" }

func (*login) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (l *login) OnConnectAuthenticate(c *mochi.Client, p packets.Packet) bool {
	name, password := string(p.Connect.Username), p.Connect.Password
	if l.open || name == gatewayName && l.own.fits(password) || l.users.admits(name, password) {
		return true
	}
	l.refusals.note(l.users.shown(name), c.Net.Remote)
	return false
}

func (*login) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// refusalEvery is the shortest time between two lines about refused logins: whoever tries passwords fills no log.
const refusalEvery = 10 * time.Second

// refusals tells of logins that were refused. It may be used from any goroutine.
type refusals struct {
	log  *slog.Logger
	mu   sync.Mutex // guards what follows
	said time.Time  // when the latest line was
	more int        // since then
}

func (r *refusals) note(user, remote string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.said) < refusalEvery {
		r.more++
		return
	}
	r.log.Warn("embedded broker refused a login", "user", user, "remote", remote, "more_since_last", r.more)
	r.said, r.more = time.Now(), 0
}

// close tells of those that no line has told yet.
func (r *refusals) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more > 0 {
		r.log.Warn("embedded broker refused more logins", "more", r.more)
		r.more = 0
	}
}
