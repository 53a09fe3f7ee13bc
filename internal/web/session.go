package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A person with a token has no other way to show it to the gateway from a browser than a form, and a page has none to send it with its
// events than a cookie. The form is the body of the answer that refuses a person's first request; the browser posts it to the same
// path, /, and gets a session: a cookie with the end of the session, and a code of that end which takes the token to make. So sessions
// need no memory, outlast a restart of the gateway, and end when the token changes.

// sessionTime is how long a session lasts, also in a browser that is never closed.
const sessionTime = 90 * 24 * time.Hour

// maxForm bounds the form, in bytes: anybody may send one.
const maxForm = 4 << 10

// The cookies that a browser gets.
const (
	sessionCookie = "mqttgateway-session"
	receiptCookie = "mqttgateway-signed-in"
)

// cookieName returns the whole name of a cookie. Cookies of one host are the same for all its ports, at which other gateways may listen.
func cookieName(r *http.Request, name string) string {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		name += "-" + strconv.Itoa(at.Port)
	}
	return name
}

// session returns the value of the cookie of a session that counts until a time.
func (e *entrance) session(until int64) string {
	h := hmac.New(sha256.New, e.token[:])
	text := strconv.FormatInt(until, 10)
	_, _ = h.Write([]byte("session until " + text)) // a hash takes everything
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// hasSession reports whether a request comes from a browser that has signed in by the form. One whose session has ended is not taken for
// one that tries credentials.
func (e *entrance) hasSession(r *http.Request) bool {
	c, err := r.Cookie(cookieName(r, sessionCookie))
	if err != nil || e.Token == "" {
		return false
	}
	text, _, _ := strings.Cut(c.Value, ".")
	until, err := strconv.ParseInt(text, 10, 64)
	return err == nil && hmac.Equal([]byte(c.Value), []byte(e.session(until))) && time.Now().Unix() < until
}

// isSignIn reports whether a request is the form, or that of a page that signs out.
func (e *entrance) isSignIn(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return e.Token != "" && r.Method == http.MethodPost && r.URL.Path == "/" && kind == "application/x-www-form-urlencoded"
}

// signIn answers the form: with sign_out the session ends, with the right token one begins. Browsers tell the origin of a form; the
// caller has refused those of foreign pages.
func (e *entrance) signIn(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		Refuse(w, http.StatusForbidden, "want a form of a browser, which tells its Origin: a program shows the token as Authorization: Bearer")
		return
	}
	cookie := http.Cookie{
		Name: cookieName(r, sessionCookie), Path: e.Base + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || strings.HasPrefix(origin, "https:"), MaxAge: -1,
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		Refuse(w, status, "the form: "+err.Error())
		return
	}
	if r.PostForm.Get("sign_out") == "" {
		if !e.fits(w, r, "", strings.TrimSpace(r.PostForm.Get("token")), false, "The token is wrong.") {
			return
		}
		cookie.Value, cookie.MaxAge = e.session(time.Now().Add(sessionTime).Unix()), 0
		if r.PostForm.Get("keep") != "" {
			cookie.MaxAge = int(sessionTime / time.Second)
		}
	}
	http.SetCookie(w, &cookie)
	w.Header().Set("Location", "./")
	w.WriteHeader(http.StatusSeeOther)
}

//go:embed signin.html
var signInText string

var signInPage = template.Must(template.New("").Parse(signInText))

// signInPolicy lets the page have its own style, and send its form.
var signInPolicy = func() string {
	_, style, _ := strings.Cut(signInText, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// refuse answers a person with the page to sign in at, and a program with a problem.
func (e *entrance) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	if r.URL.Path != "/" || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		Refuse(w, status, why)
		return
	}
	if status == http.StatusUnauthorized && r.Method == http.MethodGet {
		why = "" // a person who has only just come has done nothing wrong
	}
	var page bytes.Buffer
	if err := signInPage.Execute(&page, map[string]any{"Why": why, "Token": e.Token != ""}); err != nil {
		panic(err) // impossible: our own page
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", signInPolicy)
	h.Set("Referrer-Policy", "same-origin") // with none, browsers tell no origin of forms
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // an error means that the client has gone
}

// Visitor is the client that has sent a request which a Guard has let in.
type Visitor struct {
	Name     string // of a user; "": a token has been shown, or nobody needs credentials
	Session  bool   // the browser has signed in by the form, and can sign out
	ReadOnly bool   // may change nothing
}

type visitorKey struct{}

// VisitorOf returns the client that has sent a request; the zero Visitor if no Guard has seen the request.
func VisitorOf(r *http.Request) Visitor {
	v, _ := r.Context().Value(visitorKey{}).(Visitor)
	return v
}

func withVisitor(r *http.Request, v Visitor) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
}
