package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/complaints"
	"github.com/mqttgateway/mqttgateway/internal/users"
)

// RequestHeader is the header that requests must have which change something. A page of another server can't have a browser send it.
const RequestHeader = "Mqttgateway-Request"

// Guard decides who may ask for what. Its zero value lets everybody on this machine in.
type Guard struct {
	Users    users.List // may sign in by Basic; none: no user may
	Token    string     // lets in by Bearer, by the form that a browser gets, or as the password of any user by Basic; "": there is no token
	ReadOnly bool       // nothing may be changed
	Hosts    []string   // names of the server, beside localhost and its own addresses
	Base     string     // as Options.Base

	// Free reports whether a path wants neither credentials nor anything else: what listens there has a secret of its own, or none.
	Free func(path string) bool

	Log *slog.Logger // is told of wrong credentials; nil: nobody is
}

// Handler returns h behind the guard.
func (g Guard) Handler(h http.Handler) http.Handler {
	in := &entrance{Guard: g, closed: len(g.Users.Names()) > 0 || g.Token != "", login: users.NewLogin(g.Users), token: digest(g.Token), tries: newTries(), turn: make(chan struct{}, 1), key: []byte(rand.Text())}
	if g.Log != nil {
		in.wrong = complaints.New(g.Log)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Free != nil && g.Free(r.URL.Path) {
			last(w)
			h.ServeHTTP(w, r)
			return
		}
		known := stranger(r)
		stay := last(w)
		visitor, ok := in.admits(w, r)
		known()
		if ok {
			stay()
			h.ServeHTTP(w, withVisitor(r, visitor))
		}
	})
}

// last has the connection end with the answer unless stay is called: a client that has not been let in gets one answer. It could else
// send many requests at once, which were all answered before messages had their turn.
func last(w http.ResponseWriter) (stay func()) {
	header := w.Header()
	before := header["Connection"]
	header.Set("Connection", "close")
	return func() {
		if header.Del("Connection"); before != nil {
			header["Connection"] = before
		}
	}
}

// entrance is a Guard at work.
type entrance struct {
	Guard
	closed bool // everybody wants credentials
	login  *users.Login
	token  [sha256.Size]byte
	tries  *tries
	turn   chan struct{}          // has a token while a user's password is looked at
	key    []byte                 // of receipts
	wrong  *complaints.Complaints // nil: nobody is told
}

// foreign says why a page may not ask. Behind a proxy it may be the server's own.
func foreign(origin string) string {
	const why = "a page of another server may not ask here"
	if of, err := url.Parse(origin); err == nil && of.Host != "" {
		return fmt.Sprintf("%s: if this server is called %.100q, the name has to stand in http.hosts", why, of.Hostname())
	}
	return why
}

// admits reports whether a request may pass, and whose it is, and answers it if not.
func (e *entrance) admits(w http.ResponseWriter, r *http.Request) (visitor Visitor, ok bool) {
	if !e.knowsHost(r) {
		Refuse(w, http.StatusMisdirectedRequest, "this server is not called so: a name other than localhost or an address of the machine has to stand in http.hosts")
		return visitor, false
	}
	if origin := r.Header.Get("Origin"); origin != "" && !e.ownOrigin(origin, r.Host) || isPartOfForeign(r) {
		Refuse(w, http.StatusForbidden, foreign(origin))
		return visitor, false
	}
	visitor.ReadOnly = e.ReadOnly
	if e.closed {
		if e.isSignIn(r) {
			e.signIn(w, r)
			return visitor, false
		}
		if visitor.Session = e.hasSession(r); !visitor.Session {
			if !e.signedIn(w, r) {
				return visitor, false
			}
			visitor.Name, _, _ = r.BasicAuth()
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return visitor, true
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get(RequestHeader) == "":
		Refuse(w, http.StatusForbidden, "want the header "+RequestHeader+": 1, which pages of other servers can't send")
	case e.ReadOnly:
		Refuse(w, http.StatusForbidden, "http.read_only is set: nothing can be changed here")
	case kind != "application/json" && (kind != "" || r.ContentLength != 0):
		Refuse(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
	case r.ContentLength > MaxBody:
		Refuse(w, http.StatusRequestEntityTooLarge, "want 1 MB at most")
	default:
		return visitor, true
	}
	return visitor, false
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

// isPartOfForeign reports whether a browser asks for a part of a page of another server, such as an image or a frame. Of such requests
// browsers tell no Origin, and the page can't read the answer; but answering costs something. Links are followed.
func isPartOfForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Dest") != "document"
}

// hostname returns a host without its port, brackets, and the dot that a whole name may end with.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return strings.TrimSuffix(name, ".")
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// signedIn reports whether a request has right credentials, and answers it if not.
func (e *entrance) signedIn(w http.ResponseWriter, r *http.Request) bool {
	name, password, basic := r.BasicAuth()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer := strings.EqualFold(scheme, "Bearer")
	if !basic && !bearer {
		e.challenge(w, r, "want a user and a password, or a token")
		return false
	}
	if bearer {
		password = token
	}
	receipt := e.receipt(name, password)
	if c, err := r.Cookie(cookieName(r, receiptCookie)); basic && err == nil && hmac.Equal([]byte(c.Value), []byte(receipt)) {
		return true
	}
	if !e.fits(w, r, name, password, basic, "the user, the password or the token is wrong") {
		return false
	}
	if basic {
		http.SetCookie(w, &http.Cookie{Name: cookieName(r, receiptCookie), Value: receipt, Path: e.Base + "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	}
	return true
}

// receipt returns the value of the cookie that a browser gets for its right password, and shows together with it. The password is then not
// taken for one that is tried, so that whoever tries passwords from the same address, as all do behind a proxy, does not lock the browser
// out. Nobody can show a receipt who has not been given it.
func (e *entrance) receipt(name, password string) string {
	h := hmac.New(sha256.New, e.key)
	_, _ = fmt.Fprintf(h, "%q %q", name, password) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// fits reports whether credentials are right, and answers the request if not: why is what a client with wrong ones is told.
func (e *entrance) fits(w http.ResponseWriter, r *http.Request, name, password string, basic bool, why string) bool {
	right, wait, err := e.judge(r, name, password, basic)
	switch {
	case right:
		return true
	case err != nil: // nothing is known of the credentials
		Refuse(w, http.StatusServiceUnavailable, "you hung up before your password was looked at")
	case wait > 0:
		e.tooMany(w, r, wait)
	default:
		e.complain(r, e.Users.Shown(name))
		e.challenge(w, r, why)
	}
	return false
}

// judge reports whether credentials are right, or else for how long none are looked at that come from there. The error says that the
// client has gone before its credentials were looked at. What is looked at one after the other can't pass the bound of wrong ones all at
// once.
func (e *entrance) judge(r *http.Request, name, password string, basic bool) (right bool, wait time.Duration, err error) {
	from, isUsers := client(r), basic && len(e.Users.Names()) > 0
	known := func() bool { return e.fitsToken(password) || isUsers && e.login.Remembers(name, []byte(password)) }
	if right, wait = e.tries.look(from, known, !isUsers); right || wait > 0 || !isUsers {
		return right, wait, nil
	}
	select { // a user's password takes a while
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-r.Context().Done():
		return false, 0, users.ErrGone
	}
	if right, wait = e.tries.look(from, known, false); right || wait > 0 {
		return right, wait, nil
	}
	if right, err = e.login.Admits(name, []byte(password), r.Context().Done()); err == nil {
		e.tries.look(from, func() bool { return right }, true)
	}
	return right, 0, err
}

// challenge answers a client that has not signed in. A browser is told to ask for a password only if there are users.
func (e *entrance) challenge(w http.ResponseWriter, r *http.Request, why string) {
	how := `Basic realm="gateway", charset="UTF-8"`
	if len(e.Users.Names()) == 0 {
		how = `Bearer realm="gateway"`
	}
	w.Header().Set("WWW-Authenticate", how)
	e.refuse(w, r, http.StatusUnauthorized, why)
}

// tooMany answers a client that has to wait.
func (e *entrance) tooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	w.Header().Set("Retry-After", seconds(wait))
	e.refuse(w, r, http.StatusTooManyRequests, "too many wrong passwords have come from your address: the next one is looked at in "+seconds(wait)+" s")
}

// complain tells the log of wrong credentials, and whose they are said to be.
func (e *entrance) complain(r *http.Request, who string) {
	if e.wrong == nil {
		return
	}
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	e.wrong.Note("wrong credentials at the web server", "from", from, "user", who)
}

func (e *entrance) fitsToken(text string) bool {
	given := digest(text)
	return e.Token != "" && subtle.ConstantTimeCompare(given[:], e.token[:]) == 1
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
