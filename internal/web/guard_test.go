package web

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/users"
)

const rightToken = "0123456789abcdef"

func listed(t *testing.T) users.List {
	t.Helper()
	list, err := users.Parse([]byte("me:swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ask returns the status and the body of the answer to a request with headers.
func ask(t *testing.T, h http.Handler, method, host, path string, headers ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://"+host+path, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "as" {
			name, password, _ := strings.Cut(headers[i+1], ":")
			r.SetBasicAuth(name, password)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 400 {
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s%s: no problem: %v %s", method, host, path, err, w.Body)
		}
	}
	return w.Code, w.Body.String()
}

func TestGuard(t *testing.T) {
	inside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") })
	free := func(path string) bool { return path == "/livez" }
	open := Guard{Free: free, Hosts: []string{"gw.example.com"}}.Handler(inside)
	closed := Guard{Free: free, Users: listed(t), Token: rightToken}.Handler(inside)
	seeing := Guard{Free: free, ReadOnly: true}.Handler(inside)
	const own = "localhost:80"
	for _, row := range []struct {
		what    string
		h       http.Handler
		method  string
		host    string
		path    string
		headers []string
		want    int
	}{
		{"anybody here", open, "GET", own, "/", nil, 200},
		{"loopback", open, "GET", "127.0.0.1:80", "/", nil, 200},
		{"loopback, IPv6", open, "GET", "[::1]", "/", nil, 200},
		{"a name of its own", open, "GET", "GW.example.com", "/", nil, 200},
		{"a rebound name", open, "GET", "evil.example.com:80", "/", nil, 421},
		{"a name with loopback in it", open, "GET", "127.0.0.1.evil.example.com", "/", nil, 421},
		{"an address that is another machine's", open, "GET", "192.0.2.1", "/", nil, 421},
		{"a trailing dot", open, "GET", "localhost.:80", "/", nil, 200},
		{"a trailing dot behind its own name", open, "GET", "gw.example.com.", "/", nil, 200},
		{"two dots", open, "GET", "localhost..", "/", nil, 421},
		{"no host", open, "GET", "", "/", nil, 421},
		{"a number for an address", open, "GET", "2130706433", "/", nil, 421},
		{"all addresses", open, "GET", "0.0.0.0:80", "/", nil, 421},
		{"loopback, IPv6 with IPv4 in it", open, "GET", "[::ffff:127.0.0.1]:80", "/", nil, 200},
		{"another address, IPv6 with a zone", open, "GET", "[fe80::1%25lo]:80", "/", nil, 421},
		{"no secret, any host", open, "GET", "evil.example.com", "/livez", nil, 200},
		{"its own page", open, "GET", own, "/", []string{"Origin", "http://localhost:80"}, 200},
		{"its own page behind a proxy", open, "GET", own, "/", []string{"Origin", "https://gw.example.com"}, 200},
		{"a foreign page", open, "GET", own, "/", []string{"Origin", "http://evil.example.com"}, 403},
		{"a page on another port", open, "GET", own, "/", []string{"Origin", "http://localhost:81"}, 403},
		{"a page of a file", open, "POST", own, "/", []string{"Origin", "null", RequestHeader, "1"}, 403},
		{"an image of a foreign page", open, "GET", own, "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"an image of a page on another port", open, "GET", own, "/", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"a link on a foreign page", open, "GET", own, "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a frame of a foreign page", open, "GET", own, "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"its own image", open, "GET", own, "/", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors"}, 200},
		{"typed by a person", open, "GET", own, "/", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a preflight", open, "OPTIONS", own, "/", []string{"Origin", "http://evil.example.com", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "mqttgateway-request"}, 403},
		{"an Origin of two", open, "GET", own, "/", []string{"Origin", "http://localhost:80 http://evil.example.com"}, 403},
		{"no header", open, "POST", own, "/", nil, 403},
		{"the header", open, "POST", own, "/", []string{RequestHeader, "1"}, 200},
		{"a form", open, "POST", own, "/", []string{RequestHeader, "1", "Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"read only: seeing", seeing, "GET", own, "/", nil, 200},
		{"read only: changing", seeing, "POST", own, "/", []string{RequestHeader, "1"}, 403},
		{"no credentials", closed, "GET", own, "/", nil, 401},
		{"no credentials, /livez", closed, "GET", own, "/livez", nil, 200},
		{"a user", closed, "GET", own, "/", []string{"as", "me:swordfish"}, 200},
		{"a wrong password", closed, "GET", own, "/", []string{"as", "me:trout"}, 401},
		{"nobody", closed, "GET", own, "/", []string{"as", ":"}, 401},
		{"a token", closed, "GET", own, "/", []string{"Authorization", "Bearer " + rightToken}, 200},
		{"a token in a browser", closed, "GET", own, "/", []string{"as", "me:" + rightToken}, 200},
		{"a wrong token", closed, "GET", own, "/", []string{"Authorization", "Bearer " + rightToken + "0"}, 401},
		{"no token", closed, "GET", own, "/", []string{"Authorization", "Bearer "}, 401},
		{"a user without the header", closed, "POST", own, "/", []string{"as", "me:swordfish"}, 403},
	} {
		if status, body := ask(t, row.h, row.method, row.host, row.path, row.headers...); status != row.want || (status == 200) != (body == "inside") {
			t.Errorf("%s: %d %s, want %d", row.what, status, body, row.want)
		}
	}
}

// An address of the machine is a name of the server when the request has come to it.
func TestOwnAddress(t *testing.T) {
	s, _, _ := serve(t, Options{Handler: Guard{}.Handler(tells)})
	at := s.URL()[len("http://"):]
	for host, want := range map[string]int{at: 200, "10.0.0.1": 421} {
		if status, _ := exchange(t, s, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"); status != want {
			t.Errorf("%s: %d, want %d", host, status, want)
		}
	}
}

// Who tries many passwords waits longer and longer, and the right one that comes in between is not looked at, also if somebody has
// signed in with it before. A browser with a receipt for right ones does not wait.
func TestWrongPasswordsAreSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Guard{Users: listed(t), Token: rightToken}.Handler(tells)
		try := func(credentials string) int {
			status, _ := ask(t, h, "GET", "localhost", "/", "as", credentials)
			return status
		}
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.SetBasicAuth("me", "swordfish")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if w.Code != 200 || len(cookies) != 1 || !cookies[0].HttpOnly {
			t.Fatalf("the user: %d, receipt %v", w.Code, cookies)
		}
		receipt := cookies[0].String()
		refused, looked := 0, 0
		began := time.Now()
		for i := range 3600 {
			switch try(fmt.Sprint("me:", i)) {
			case 401:
				looked++
			case 429:
				refused++
			}
			time.Sleep(time.Second)
		}
		if most := 12 + int(time.Since(began)/longestWait); looked < 60 || looked > most {
			t.Errorf("%d passwords were looked at in an hour, and %d not; want %d at most", looked, refused, most)
		}
		for _, credentials := range []string{"me:swordfish", "you:" + rightToken} {
			if got := try(credentials); got != 429 {
				t.Errorf("%s, right, from that address: %d", credentials, got)
			}
		}
		for _, row := range []struct {
			credentials, receipt string
			want                 int
		}{
			{"me:swordfish", receipt, 200},
			{"me:trout", receipt, 429},
			{"you:swordfish", receipt, 429},
			{"me:swordfish", receiptCookie + "=", 429},
		} {
			if got, _ := ask(t, h, "GET", "localhost", "/", "as", row.credentials, "Cookie", row.receipt); got != row.want {
				t.Errorf("%s with the receipt %q: %d, want %d", row.credentials, row.receipt, got, row.want)
			}
		}
		time.Sleep(longestWait)
		if got := try("you:" + rightToken); got != 200 {
			t.Errorf("when the wait is over: %d", got)
		}
		try("me:trout")
		if got := try("me:swordfish"); got != 429 {
			t.Errorf("after a wrong one behind a right one: %d", got)
		}
		time.Sleep(time.Minute) // timers of the login
	})
}

// The log tells of wrong credentials, from where they come and whose they are, in few lines, and has none of them.
func TestWrongPasswordsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &lines{}
		h := Guard{Users: listed(t), Token: rightToken, Log: slog.New(slog.NewTextHandler(said, nil))}.Handler(tells)
		for range 60 {
			ask(t, h, "GET", "localhost", "/", "as", "me:trout")
			ask(t, h, "GET", "localhost", "/", "as", "trout:x")
			ask(t, h, "GET", "localhost", "/", "Authorization", "Bearer trout")
			ask(t, h, "GET", "localhost", "/")
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		text := said.String()
		if n := strings.Count(text, "\n"); n < 2 || n > 7 || !strings.Contains(text, `level=WARN msg="wrong credentials at the web server" from=192.0.2.1 user=me`) || strings.Contains(text, "trout") {
			t.Errorf("%d lines:\n%s", n, text)
		}
	})
}

// Passwords that are tried all at once count as if they were tried one after the other.
func TestWrongPasswordsAtOnce(t *testing.T) {
	for what, g := range map[string]Guard{"users": {Users: listed(t)}, "a token": {Token: rightToken}, "both": {Users: listed(t), Token: rightToken}} {
		synctest.Test(t, func(t *testing.T) {
			h := g.Handler(tells)
			var looked atomic.Int64
			var all sync.WaitGroup
			for i := range 200 {
				all.Go(func() {
					headers := []string{"as", fmt.Sprint("me:", i)}
					if i%2 == 0 {
						headers = []string{"Authorization", fmt.Sprint("Bearer ", i)}
					}
					if status, _ := ask(t, h, "GET", "localhost", "/", headers...); status == 401 {
						looked.Add(1)
					}
				})
			}
			all.Wait()
			if n := looked.Load(); n < freeTries || n > freeTries+1 { // a token may be looked at meanwhile
				t.Errorf("%s: %d of 200 were looked at, want %d", what, n, freeTries)
			}
			time.Sleep(time.Minute) // timers of the login
		})
	}
}

// Who hangs up while other passwords are looked at has tried no wrong one: neither the address nor the log is any the worse.
func TestWhoHangsUpHasTriedNothing(t *testing.T) {
	const iterations = 40_000 // no password is looked at for a while after each
	sum, err := pbkdf2.Key(sha512.New, "swordfish", []byte("salt"), iterations, sha512.Size)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	list, err := users.Parse(fmt.Appendf(nil, "me:$7$%d$%s$%s", iterations, encode([]byte("salt")), encode(sum)))
	if err != nil {
		t.Fatal(err)
	}
	said := &lines{}
	h := Guard{Users: list, Log: slog.New(slog.NewTextHandler(said, nil))}.Handler(tells)
	try := func(ctx context.Context, from, password string) int {
		r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost/", nil)
		r.RemoteAddr = from + ":1"
		r.SetBasicAuth("me", password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := try(t.Context(), "192.0.2.2", "trout"); got != 401 {
		t.Errorf("a wrong password: %d", got)
	}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for range 40 {
		if got := try(gone, "192.0.2.1", "swordfish"); got == 401 || got == 429 {
			t.Errorf("who hangs up: %d", got)
		}
	}
	if got := try(t.Context(), "192.0.2.1", "swordfish"); got != 200 {
		t.Errorf("the right password: %d", got)
	}
	if text := said.String(); strings.Contains(text, "192.0.2.1") || !strings.Contains(text, "192.0.2.2") {
		t.Errorf("logged\n%s", text)
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	all := newTries()
	now := time.Now()
	all.mu.Lock()
	defer all.mu.Unlock()
	for i := range 3 * mostClients {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)
		for range 6 {
			all.wrong(from, now)
		}
		if all.wait(from, now) == 0 {
			t.Fatalf("%v does not wait", from)
		}
		now = now.Add(time.Millisecond)
	}
	if len(all.all) != mostClients {
		t.Errorf("%d addresses are remembered", len(all.all))
	}
}

// Of requests that a client sends at once, those of a stranger end with the first answer.
func TestStrangersGetOneAnswer(t *testing.T) {
	free := func(path string) bool { return path == "/livez" }
	s, _, _ := serve(t, Options{Handler: Guard{Free: free, Token: rightToken}.Handler(tells)})
	for _, row := range []struct {
		what, path, header string
		answers            int
	}{
		{"without credentials", "/a", "", 1},
		{"at a free path", "/livez", "", 1},
		{"with a wrong token", "/a", "Authorization: Bearer wrong\r\n", 1},
		{"with the token", "/a", "Authorization: bearer " + rightToken + "\r\n", 3},
	} {
		conn := dial(t, s)
		request := "GET " + row.path + " HTTP/1.1\r\nHost: localhost\r\n" + row.header
		io.WriteString(conn, strings.Repeat(request+"\r\n", 2)+request+"Connection: close\r\n\r\n")
		answers, err := io.ReadAll(conn)
		if n := strings.Count(string(answers), "HTTP/1.1 "); n != row.answers || isTimeout(err) {
			t.Errorf("%s: %d answers, want %d:\n%s", row.what, n, row.answers, answers)
		}
	}
}

// An order without a body has no type either.
func TestNoBody(t *testing.T) {
	h := Guard{}.Handler(tells)
	for body, want := range map[string]int{"": http.StatusOK, "{}": http.StatusUnsupportedMediaType} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/a", strings.NewReader(body))
		r.Header.Set(RequestHeader, "1")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: %d, want %d", body, w.Code, want)
		}
	}
}
