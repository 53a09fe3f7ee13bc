package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const personAccepts = "text/html,application/xhtml+xml,*/*;q=0.8"

// person is what a browser does for a person.
type person struct {
	h       http.Handler
	host    string
	cookies []*http.Cookie
}

// asks returns the answer to a request with headers, which are pairs, and keeps what cookies the answer sets.
func (p *person) asks(method, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://"+p.host+path, strings.NewReader(body))
	r.Header.Set("Accept", personAccepts)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		p.cookies = []*http.Cookie{c}
		if c.MaxAge < 0 {
			p.cookies = nil
		}
	}
	return w.Result()
}

// posts posts the form with a token, and more fields, from a page of an origin.
func (p *person) posts(origin, token string, more ...string) *http.Response {
	form := url.Values{"token": {token}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if origin != "" {
		headers = append(headers, "Origin", origin)
	}
	return p.asks("POST", "/", form.Encode(), headers...)
}

func text(r *http.Response) string {
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

// tellsVisitor answers with who asks.
var tellsVisitor = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%+v", VisitorOf(r)) })

// A person signs in with the token, and then may what a program may that shows it, until the person signs out.
func TestSession(t *testing.T) {
	h := Guard{Token: rightToken, Base: "/gate"}.Handler(tellsVisitor)
	p := &person{h: h, host: "localhost:80"}
	const own = "http://localhost:80"

	first := p.asks("GET", "/", "")
	page := text(first)
	if first.StatusCode != 401 || !strings.Contains(page, `name="token"`) || strings.Contains(page, `role="alert"`) || first.Header.Get("WWW-Authenticate") != `Bearer realm="gateway"` {
		t.Errorf("at first: %d %v\n%s", first.StatusCode, first.Header, page)
	}
	if policy := first.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") || first.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("at first: %v", first.Header)
	}
	if r := p.asks("GET", "/api/v1/tree", ""); r.StatusCode != 401 || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("what is no page: %d %v", r.StatusCode, r.Header)
	}
	for _, row := range []struct {
		what, origin, token string
		status              int
		says                string
	}{
		{"a wrong token", own, "trout", 401, "The token is wrong."},
		{"no token", own, "", 401, "The token is wrong."},
		{"a foreign page", "http://evil.example.com", rightToken, 403, `if this server is called \"evil.example.com\", the name has to stand in http.hosts`},
		{"a page that hides its origin", "null", rightToken, 403, "another server may not ask here\""},
		{"a program", "", rightToken, 403, "Authorization: Bearer"},
	} {
		if r := p.posts(row.origin, row.token); r.StatusCode != row.status || len(p.cookies) > 0 {
			t.Errorf("%s: %d, cookies %v, want %d", row.what, r.StatusCode, p.cookies, row.status)
		} else if body := text(r); !strings.Contains(body, row.says) {
			t.Errorf("%s: %s, want %s", row.what, body, row.says)
		}
	}

	in := p.posts(own, " "+rightToken+"\n")
	if in.StatusCode != 303 || in.Header.Get("Location") != "./" || len(p.cookies) != 1 {
		t.Fatalf("the right token: %d %v", in.StatusCode, in.Header)
	}
	if c := p.cookies[0]; c.Path != "/gate/" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.MaxAge != 0 || strings.Contains(c.Value, rightToken) {
		t.Errorf("the cookie %v", c)
	}
	if got := text(p.asks("GET", "/", "")); got != "{Name: Session:true ReadOnly:false}" {
		t.Errorf("signed in, the page is %s", got)
	}
	change := []string{"Content-Type", "application/json", "Origin", own}
	if r := p.asks("POST", "/x", "{}", change...); r.StatusCode != 403 {
		t.Errorf("without the header: %d", r.StatusCode)
	}
	if r := p.asks("POST", "/x", "{}", append(change, RequestHeader, "1")...); r.StatusCode != 200 {
		t.Errorf("with the header: %d", r.StatusCode)
	}

	whole := p.cookies[0].Value
	for _, value := range []string{"", ".", "9999999999." + strings.Split(whole, ".")[1], whole + "x", strings.Split(whole, ".")[0]} {
		p.cookies[0].Value = value
		if r := p.asks("GET", "/", ""); r.StatusCode != 401 {
			t.Errorf("with the cookie %q: %d", value, r.StatusCode)
		}
	}
	p.cookies[0].Value = whole
	renewed := &person{Guard{Token: rightToken + "x"}.Handler(tellsVisitor), p.host, p.cookies}
	if r := renewed.asks("GET", "/", ""); r.StatusCode != 401 {
		t.Errorf("after another token: %d", r.StatusCode)
	}
	began := &person{Guard{Token: rightToken}.Handler(tellsVisitor), p.host, p.cookies}
	if r := began.asks("GET", "/", ""); r.StatusCode != 200 {
		t.Errorf("after a restart: %d", r.StatusCode)
	}
	if r := p.posts(own, "", "sign_out", "1"); r.StatusCode != 303 || len(p.cookies) != 0 {
		t.Errorf("signing out: %d, cookies %v", r.StatusCode, p.cookies)
	}
	if r := p.asks("GET", "/", ""); r.StatusCode != 401 {
		t.Errorf("signed out: %d", r.StatusCode)
	}

	// Kept, by TLS at a proxy
	behind := &person{h: Guard{Token: rightToken, Hosts: []string{"gw.example.com"}, ReadOnly: true}.Handler(tellsVisitor), host: "gw.example.com"}
	behind.posts("https://gw.example.com", rightToken, "keep", "yes")
	if len(behind.cookies) != 1 || !behind.cookies[0].Secure || behind.cookies[0].MaxAge != 90*24*3600 {
		t.Errorf("kept: %v", behind.cookies)
	}
	if got := text(behind.asks("GET", "/", "")); got != "{Name: Session:true ReadOnly:true}" {
		t.Errorf("kept: %s", got)
	}

	// Users have the browser's own dialog, with the form behind it if there is a token, too.
	for token, want := range map[string]bool{"": false, rightToken: true} {
		u := &person{h: Guard{Users: listed(t), Token: token}.Handler(tellsVisitor), host: p.host}
		r := u.asks("GET", "/", "")
		if page := text(r); !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Basic") || strings.Contains(page, "<form") != want {
			t.Errorf("users, token %q: %v\n%s", token, r.Header, page)
		}
		if r := u.posts(own, token); (r.StatusCode == 303) != want {
			t.Errorf("users, token %q: the form is answered %d", token, r.StatusCode)
		}
	}
}

// A session ends after its time, wrong tokens in the form slow down, and who has a session does not wait.
func TestSessionTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Guard{Token: rightToken}.Handler(tellsVisitor)
		p, q := &person{h: h, host: "localhost"}, &person{h: h, host: "localhost"}
		const own = "http://localhost"
		p.posts(own, rightToken)
		waited := false
		for range 10 {
			r := q.posts(own, "trout")
			waited = waited || r.StatusCode == 429 && strings.Contains(text(r), "is looked at in 1 s")
		}
		if r := q.posts(own, rightToken); !waited || r.StatusCode != 429 {
			t.Errorf("after ten wrong tokens: %d", r.StatusCode)
		}
		if r := p.asks("GET", "/", ""); r.StatusCode != 200 {
			t.Errorf("who has signed in before: %d", r.StatusCode)
		}
		time.Sleep(sessionTime - time.Minute)
		if r := p.asks("GET", "/", ""); r.StatusCode != 200 {
			t.Errorf("shortly before the end: %d", r.StatusCode)
		}
		time.Sleep(time.Minute)
		if r := p.asks("GET", "/", ""); r.StatusCode != 401 {
			t.Errorf("at the end: %d", r.StatusCode)
		}
	})
}
