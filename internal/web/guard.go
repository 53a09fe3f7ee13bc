package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/users"
)

// RequestHeader is the header that requests must have which change something. A page of another server can't have a browser send it.
const RequestHeader = "Mqttgateway-Request"

// Guard decides who may ask for what. Its zero value lets everybody on this machine in.
type Guard struct {
	Users    users.List // may sign in by Basic; none: no user may
	Token    string     // lets in by Bearer, or as the password of any user by Basic; "": there is no token
	ReadOnly bool       // nothing may be changed
	Hosts    []string   // names of the server, beside localhost and its own addresses

	// Free reports whether a path wants neither credentials nor anything else: what listens there has a secret of its own, or none.
	Free func(path string) bool
}

// Handler returns h behind the guard.
func (g Guard) Handler(h http.Handler) http.Handler {
	in := &entrance{Guard: g, closed: len(g.Users.Names()) > 0 || g.Token != "", login: users.NewLogin(g.Users), token: digest(g.Token), tries: newTries()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Free != nil && g.Free(r.URL.Path) || in.admits(w, r) {
			h.ServeHTTP(w, r)
		}
	})
}

// entrance is a Guard at work.
type entrance struct {
	Guard
	closed bool // everybody wants credentials
	login  *users.Login
	token  [sha256.Size]byte
	tries  *tries
}

// admits reports whether a request may pass, and answers it if not.
func (e *entrance) admits(w http.ResponseWriter, r *http.Request) bool {
	if !e.knowsHost(r) {
		Refuse(w, http.StatusMisdirectedRequest, "this server is not called so: a name other than localhost or an address of the machine has to stand in http.hosts")
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" && !e.ownOrigin(origin, r.Host) {
		Refuse(w, http.StatusForbidden, "a page of another server may not ask here")
		return false
	}
	if e.closed && !e.signedIn(w, r) {
		return false
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get(RequestHeader) == "":
		Refuse(w, http.StatusForbidden, "want the header "+RequestHeader+": 1, which pages of other servers can't send")
	case e.ReadOnly:
		Refuse(w, http.StatusForbidden, "http.read_only is set: nothing can be changed here")
	case kind != "application/json":
		Refuse(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
	case r.ContentLength > MaxBody:
		Refuse(w, http.StatusRequestEntityTooLarge, "want 1 MB at most")
	default:
		return true
	}
	return false
}

// knowsHost reports whether the host of a request is one of the server's. A page that rebinds its own name to an address of the server
// still sends that name.
func (e *entrance) knowsHost(r *http.Request) bool {
	name := hostname(r.Host)
	if strings.EqualFold(name, "localhost") || e.isNamed(name) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && at.AddrPort().Addr().Unmap().WithZone("") == ip.Unmap().WithZone("")
}

func (e *entrance) isNamed(name string) bool {
	return slices.ContainsFunc(e.Hosts, func(host string) bool { return strings.EqualFold(strings.Trim(host, "[]"), name) })
}

// ownOrigin reports whether a page is the server's own: that of the request's host, or of one of its names, behind a proxy.
func (e *entrance) ownOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (strings.EqualFold(u.Host, host) || e.isNamed(u.Hostname()))
}

// hostname returns a host without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// signedIn reports whether a request has right credentials, and answers it if not. Credentials that have been right before count at
// once; others wait while an address tries too many.
func (e *entrance) signedIn(w http.ResponseWriter, r *http.Request) bool {
	name, password, basic := r.BasicAuth()
	bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if basic && e.login.Remembers(name, []byte(password)) {
		return true
	}
	from := client(r)
	wait := e.tries.wait(from, time.Now())
	switch {
	case !basic && !isBearer:
		e.challenge(w, "want a user and a password, or a token")
		return false
	case wait > 0:
		w.Header().Set("Retry-After", seconds(wait))
		Refuse(w, http.StatusTooManyRequests, "too many wrong passwords have come from your address")
		return false
	case isBearer && e.fitsToken(bearer), basic && e.fitsToken(password), basic && e.fits(r.Context(), name, password):
		e.tries.right(from)
		return true
	}
	e.tries.wrong(from, time.Now())
	e.challenge(w, "the user, the password or the token is wrong")
	return false
}

func (e *entrance) challenge(w http.ResponseWriter, why string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="gateway", charset="UTF-8"`)
	Refuse(w, http.StatusUnauthorized, why)
}

func (e *entrance) fitsToken(text string) bool {
	given := digest(text)
	return e.Token != "" && subtle.ConstantTimeCompare(given[:], e.token[:]) == 1
}

func (e *entrance) fits(ctx context.Context, name, password string) bool {
	return len(e.Users.Names()) > 0 && e.login.Admits(name, []byte(password), ctx.Done())
}

func digest(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// client returns the network from which a request comes: an address or, of IPv6, the /64 that one customer has.
func client(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := at.Addr().Unmap().WithZone(""), 64
	if ip.Is4() {
		bits = 32
	}
	network, _ := ip.Prefix(bits) // the number of bits is right
	return network
}
