package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
)

// serve has a server answer until the test ends. Requests that hang end then as well.
func serve(t testing.TB, routes map[string]http.HandlerFunc) *httptest.Server {
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// params reads the params of a device in YAML, whose base is an address.
func params(t *testing.T, base, yaml string) map[string]any {
	t.Helper()
	text := "- name: box\n  type: http\n  params:\n    base: " + base + "\n"
	for line := range strings.Lines(strings.TrimSpace(yaml)) {
		text += "    " + strings.TrimPrefix(line, "\t\t")
	}
	return configured(t, text, func(map[string]any) {})
}

func written(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// opens opens a device that reads a value, and returns why it doesn't.
func opens(t *testing.T, params map[string]any) error {
	t.Helper()
	d, err := devicetest.Open("http", params)
	if err != nil {
		return err
	}
	await(t, d, "x", 1)
	return d.Close()
}

func TestAuth(t *testing.T) {
	file := written(t, password+"\n")
	s := serve(t, map[string]http.HandlerFunc{
		"/basic": func(w http.ResponseWriter, r *http.Request) {
			if user, given, _ := r.BasicAuth(); user != "me" || given != password {
				w.WriteHeader(http.StatusUnauthorized)
			}
			io.WriteString(w, `{"x":1}`)
		},
		"/bearer": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+password {
				w.WriteHeader(http.StatusForbidden)
			}
			io.WriteString(w, `{"x":1}`)
		},
	})
	for _, row := range []struct{ auth, path, want string }{
		{"{basic: me, password_file: FILE}", "/basic", ""},
		{"{basic: me, password: " + password + "}", "/basic", ""},
		{"{basic: you, password_file: FILE}", "/basic", "GET /basic: status 401 Unauthorized: want auth with another user"},
		{"{bearer_file: FILE}", "/bearer", ""},
		{"{basic: me, password_file: FILE}", "/bearer?key=" + password, "GET /bearer: status 403 Forbidden"},
		{"{bearer_file: FILE.not}", "/bearer", "auth: open "},
	} {
		err := opens(t, params(t, s.URL, "auth: "+strings.ReplaceAll(row.auth, "FILE", file)+"\nreads: [{get: '"+row.path+"', points: [{id: x, value: .x}]}]"))
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s of %s: %v; want %s", row.auth, row.path, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("a secret in an error: %v", err)
		}
	}
}

// Each request has the headers that are wanted, and they stay secret.
func TestHeaders(t *testing.T) {
	wanted := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != password || r.Header.Get("User-Agent") != "another" {
			w.WriteHeader(http.StatusForbidden)
		}
		io.WriteString(w, `{"x":1}`)
	}
	s := serve(t, map[string]http.HandlerFunc{"/": wanted})
	d := devicetest.Start(t, "http", params(t, s.URL, "headers: {x-api-key: "+password+", User-Agent: another}\nreads: [{get: /, points: [{id: x, value: .x, write: {post: /set}}]}]"))
	await(t, d, "x", 1)
	if err := d.Set("x", 2); err != nil {
		t.Error(err)
	}
	noSecrets(t, d, password)
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(says(`{"x":1}`))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	hash := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	pin := "sha256/" + base64.StdEncoding.EncodeToString(hash[:])
	authority := written(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	for _, row := range []struct{ tls, want string }{
		{"{}", "GET /: tls: failed to verify certificate"},
		{"{insecure: true}", ""},
		{"{pin: '" + pin + "'}", ""},
		{"{pin: 'sha256/" + strings.Repeat("A", 43) + "='}", "GET /: the server has the pin " + pin + ", and not that of the configuration"},
		{"{ca_file: " + authority + "}", ""},
		{"{ca_file: " + written(t, "none") + "}", "holds no certificate in PEM"},
	} {
		err := opens(t, params(t, s.URL, "tls: "+row.tls+"\nreads: [{get: /, points: [{id: x, value: .x}]}]"))
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("tls: %s: %v; want %s", row.tls, err, row.want)
		}
	}
}

// Reads follow redirects on their host alone, and writes none.
func TestRedirects(t *testing.T) {
	var mu sync.Mutex
	var moved []string
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
	}
	elsewhere := serve(t, map[string]http.HandlerFunc{"/": says(`{"x":1}`)})
	s := serve(t, map[string]http.HandlerFunc{
		"/here":  to("/there"),
		"/there": says(`{"x":1}`),
		"/away":  to(elsewhere.URL + "/?token=" + password),
		"/loop":  to("/loop"),
		"/set":   to("/moved"),
		"/moved": func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			moved = append(moved, r.Method)
		},
	})
	for read, want := range map[string]string{
		"get: /here":  "",
		"get: /away":  "GET /away: status 302 Found to " + elsewhere.URL + ", which is not followed",
		"get: /loop":  "GET /loop: status 302 Found to " + s.URL + ", which is not followed",
		"post: /here": "POST /here: status 302 Found to " + s.URL + ", which is not followed",
	} {
		err := opens(t, params(t, s.URL, "reads: [{"+read+", points: [{id: x, value: .x}]}]"))
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v; want %s", read, err, want)
		}
	}
	for _, method := range []string{"get", "post", "put"} {
		d := devicetest.Start(t, "http", params(t, s.URL, "reads: [{get: /there, points: [{id: x, value: .x, write: {"+method+": /set}}]}]"))
		want := "x: " + strings.ToUpper(method) + " /set: status 302 Found to " + s.URL + ", which is not followed"
		if err := d.Set("x", 2); !errors.Is(err, devices.ErrAction) || err.Error() != want {
			t.Errorf("a write by %s: %v; want %s", method, err, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(moved) > 0 {
		t.Errorf("writes have followed a redirect by %q", moved)
	}
}

// An answer that is too long is not read, nor one that asks for a digest.
func TestLimit(t *testing.T) {
	large := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Digest qop="auth", realm="x", nonce="1"`)
			w.WriteHeader(status)
			piece := []byte(strings.Repeat("x", 64<<10))
			for sent := 0; sent < 10<<20; sent += len(piece) {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		}
	}
	s := serve(t, map[string]http.HandlerFunc{"/": large(200), "/login": large(401)})
	for path, want := range map[string]string{"/": "GET /: an answer of more than 1048576 bytes", "/login": "GET /login: status 401"} {
		err := opens(t, params(t, s.URL, "auth: {digest: me, password: x}\nreads: [{get: "+path+", points: [{id: x, value: .x}]}]"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("10 MB at %s: %v; want %s", path, err, want)
		}
	}
}

// A read that hangs, or fails, delays no other and no write. It is told of once, as is its return.
func TestOneReadFails(t *testing.T) {
	var mu sync.Mutex
	n, well := 0, false
	s := serve(t, map[string]http.HandlerFunc{
		"/hangs": hangs,
		"/well": func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			n++
			fmt.Fprintf(w, `{"n":%d}`, n)
		},
		"/ill": func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if !well {
				http.NotFound(w, r)
				return
			}
			io.WriteString(w, "state=on&state=slow&level=7.50")
		},
		"/set": says("OK"),
	})
	d := devicetest.Start(t, "http", params(t, s.URL, `
		timeout: 300ms
		reads:
		  - {get: /hangs, every: 100ms, points: [{id: hidden_by_hanging, value: .x, write: {post: /set, expect: '. == "OK"'}}]}
		  - {get: /well, every: 100ms, points: [{id: n, value: .n}]}
		  - {get: /ill, every: 100ms, decode: form, points: [{id: state, value: '.state[0]', kind: bool}, {id: level, value: .level}, {id: none, value: .none}]}
		points: [{id: sum, value: '$n + $level'}]
	`))
	for _, want := range []int{3, 8, 13} {
		await(t, d, "n", want)
		if err := d.Set("hidden_by_hanging", 1); err != nil {
			t.Errorf("a write while a read hangs: %v", err)
		}
	}
	for id, why := range map[string]string{"hidden_by_hanging": "GET /hangs: no answer within 300ms", "level": "GET /ill: status 404 Not Found", "sum": "$level is unknown"} {
		if _, err := d.Value(id); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v; want %s", id, err, why)
		}
	}
	mu.Lock()
	well = true
	mu.Unlock()
	await(t, d, "level", 7.5)
	await(t, d, "state", true)
	if _, err := d.Value("sum"); err != nil {
		t.Error(err)
	}
	if _, err := d.Value("none"); err == nil || !strings.Contains(err.Error(), "the answer has nothing for .none") {
		t.Errorf("a field that is missing: %v", err)
	}
	if reports := d.Reports(); len(reports) != 2 {
		t.Errorf("reported %q, want one for each read that fails", reports)
	}
	again := 0
	for _, line := range d.Lines() {
		if strings.Contains(line, "read again") {
			again++
		}
	}
	if again != 1 {
		t.Errorf("the return of a read was told %d times: %q", again, d.Lines())
	}
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
}

// What has not changed is not sent again, and its values are confirmed.
func TestETag(t *testing.T) {
	var mu sync.Mutex
	same, value := 0, 1
	s := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		tag := fmt.Sprintf(`"%d"`, value)
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			same++
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, `{"x":%d}`, value)
	}})
	d := devicetest.Start(t, "http", params(t, s.URL, "reads: [{get: /, every: 100ms, points: [{id: x, value: .x}]}]"))
	for range 6 { // longer than it takes to be stale
		if _, err := d.NextUpdate(patience); err != nil {
			t.Fatal(err)
		}
	}
	await(t, d, "x", 1)
	mu.Lock()
	if same < 4 {
		t.Errorf("asked with the ETag %d times", same)
	}
	value = 2
	mu.Unlock()
	await(t, d, "x", 2)
}

// What is written is asked for once, also if the answer does not come.
func TestWritesOnce(t *testing.T) {
	var toggled atomic.Int32
	s := serve(t, map[string]http.HandlerFunc{"/": says(`{"x":1}`), "/toggle": func(http.ResponseWriter, *http.Request) {
		toggled.Add(1)
		panic(http.ErrAbortHandler)
	}})
	d := devicetest.Start(t, "http", params(t, s.URL, "reads: [{get: /, points: [{id: x, value: .x}]}]\npoints: [{id: toggle, write: {get: /toggle}}]"))
	const want = "toggle: GET /toggle: the other end has hung up"
	if err := d.Press("toggle"); !errors.Is(err, devices.ErrAction) || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if n := toggled.Load(); n != 1 {
		t.Errorf("toggled %d times", n)
	}
}

// A text is found by patterns, and what sets something is escaped where it stands.
func TestTextAndWrites(t *testing.T) {
	var mu sync.Mutex
	var got []string
	note := func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), body))
	}
	s := serve(t, map[string]http.HandlerFunc{
		"/page": says("<b>Level: 05.50 m</b> mode=eco, T 21-5"), "/set": note, "/name/": note, "/json": note, "/form": note,
		"/fails": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":false}`) },
		"/hangs": hangs,
	})
	d := devicetest.Start(t, "http", params(t, s.URL, `
		timeout: 200ms
		reads:
		  - get: /page
		    every: 1h
		    decode: text
		    points:
		      - {id: level, match: 'Level: ([\d.]+) m', unit: m, write: {put: /json, body: '{"level":{{.level}}}'}, max: 9}
		      - {id: mode, match: 'mode=(\w+)', options: [eco, full], write: {post: /form, body: 'mode={{.mode}}'}}
		      - {id: temperature, match: 'T (?P<whole>\d+)-(?P<tenth>\d)', value: '(.whole + "." + .tenth)|tonumber'}
		      - {id: absent, match: 'absent (\d+)'}
		      - {id: double, value: '$level * 2'}
		points:
		  - {id: name, kind: text, write: {get: "/name/{{.name}}?as={{.name}}"}}
		  - {id: title, kind: text, write: {post: /json, body: '{"title":"{{.title}}"}'}}
		  - {id: raw, kind: text, write: {post: /set, body: '{{.raw}}', type: text/plain}}
		  - {id: reboot, write: {get: "/set?reboot=1"}}
		  - {id: fails, kind: bool, write: {get: /fails, expect: .ok}}
		  - {id: hangs, kind: bool, write: {get: "/hangs?key=sw0rdf1sh"}}
	`))
	for id, want := range map[string]any{"level": 5.5, "mode": "eco", "temperature": 21.5, "absent": nil, "double": 11} {
		await(t, d, id, want)
	}
	const tricky = `a b&c=d/"e"?`
	for _, row := range []struct {
		id    string
		value any
		want  string
	}{
		{"level", 7.5, `PUT /json application/json {"level":7.5}`},
		{"mode", "full", `POST /form application/x-www-form-urlencoded mode=full`},
		{"name", tricky, `GET /name/a%20b%26c%3Dd%2F%22e%22%3F?as=a%20b%26c%3Dd%2F%22e%22%3F  `},
		{"title", tricky, `POST /json application/json {"title":"a b\u0026c=d/\"e\"?"}`},
		{"raw", tricky, `POST /set text/plain a b&c=d/"e"?`},
		{"reboot", nil, `GET /set?reboot=1  `},
	} {
		if err := d.Set(row.id, row.value); err != nil {
			t.Errorf("%s: %v", row.id, err)
			continue
		}
		mu.Lock()
		if last := got[len(got)-1]; last != row.want {
			t.Errorf("%s: the box got %q, want %q", row.id, last, row.want)
		}
		mu.Unlock()
	}
	for id, want := range map[string]string{
		"fails": "fails: GET /fails: not the answer that is expected: .ok is not true", "hangs": "hangs: GET /hangs: no answer within 200ms",
	} {
		if err := d.Set(id, true); !errors.Is(err, devices.ErrAction) || err.Error() != want {
			t.Errorf("%s: %v; want %s", id, err, want)
		}
	}
	noSecrets(t, d, password)
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
}
