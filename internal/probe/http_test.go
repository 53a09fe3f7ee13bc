package probe

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

const password = "sw0rdf1sh"

// secretFile returns the path of a file that holds the password.
func secretFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// equipmentServer answers at /status to anybody, and below /basic, /digest and /bearer to those who know the password.
func equipmentServer(w http.ResponseWriter, r *http.Request) {
	allowed := true
	switch r.URL.Path {
	case "/redirect":
		http.Redirect(w, r, "http://me:"+password+"@elsewhere/x", http.StatusFound)
		return
	case "/basic":
		user, given, _ := r.BasicAuth()
		allowed = user == "admin" && given == password
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
	case "/bearer":
		allowed = r.Header.Get("Authorization") == "Bearer "+password
	case "/digest":
		given, err := digest.ParseCredentials(r.Header.Get("Authorization"))
		if allowed = err == nil; allowed {
			want, err := digest.Digest(
				&digest.Challenge{Realm: given.Realm, Nonce: given.Nonce, Algorithm: given.Algorithm, QOP: []string{given.QOP}},
				digest.Options{Method: r.Method, URI: r.URL.RequestURI(), Username: "admin", Password: password, Cnonce: given.Cnonce, Count: given.Nc})
			allowed = err == nil && want.Response == given.Response
		}
		w.Header().Set("WWW-Authenticate", `Digest qop="auth", realm="shelly", nonce="60dc2c3f", algorithm=SHA-256`)
	}
	if !allowed {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", `"7"`)
	fmt.Fprint(w, `{"power": 60.5}`)
}

func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(equipmentServer))
	defer server.Close()
	secret := secretFile(t)
	tests := map[string]struct {
		ask  HTTP
		want string // how the answer is shown, behind its time
	}{
		"for all":         {HTTP{URL: "/status"}, `, 15 bytes, application/json, ETag "7"`},
		"nobody knows":    {HTTP{URL: "/digest"}, `, 0 bytes, asks for digest`},
		"a wrong user":    {HTTP{URL: "/basic", Basic: "me", PasswordFile: secret}, `, 0 bytes, asks for basic`},
		"basic":           {HTTP{URL: "/basic", Basic: "admin", PasswordFile: secret}, `, 15 bytes`},
		"digest":          {HTTP{URL: "/digest", Digest: "admin", PasswordFile: secret}, `, 15 bytes`},
		"bearer":          {HTTP{URL: "/bearer", BearerFile: secret}, `, 15 bytes`},
		"what goes on":    {HTTP{URL: "/redirect"}, `elsewhere`},
		"a query as well": {HTTP{URL: "/status?token=" + password}, `, 15 bytes`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.ask.URL = server.URL + tt.ask.URL
			tt.ask.Timeout = patience
			if err := tt.ask.Check(); err != nil {
				t.Error(err)
			}
			page, err := tt.ask.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all := []Leaf{{Path: ".power", Value: "60.5"}}
			got := page.String() + tt.ask.DeviceYAML(page, all, false)
			if strings.Contains(got, password) || !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A server that is not trusted is asked nothing; its pin is told, and is trusted from then on.
func TestTrust(t *testing.T) {
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		equipmentServer(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of those that don't trust it
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := HTTP{URL: server.URL + "/bearer", BearerFile: secretFile(t), Timeout: patience}
	page, err := ask.Get(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the certificate of the server is not trusted: x509: ") || page == nil || page.TLS == nil || asked > 0 {
		t.Fatalf("it was asked %d times: %+v, %v", asked, page, err)
	}
	pin := page.TLS.Pin
	for name, more := range map[string]HTTP{"pin": {Pin: pin}, "insecure": {Insecure: true}, "ca": {CAFile: ca}} {
		with := ask
		with.Pin, with.Insecure, with.CAFile = more.Pin, more.Insecure, more.CAFile
		page, err := with.Get(t.Context())
		if err != nil || page.Code != http.StatusOK || page.TLS.Pin != pin || (page.TLS.Trusted == nil) != (name == "ca") {
			t.Errorf("%s: %+v, %v", name, page, err)
			continue
		}
		yaml := with.DeviceYAML(page, nil, true)
		if !strings.Contains(yaml, `      tls: {pin: "`+pin+`"}`+"\n") != (name == "ca") || strings.Contains(yaml, password) {
			t.Errorf("%s: %s", name, yaml)
		}
	}
	ask.Pin = "sha256/" + strings.Repeat("A", 43) + "="
	if _, err := ask.Get(t.Context()); err == nil || !strings.Contains(err.Error(), "the server has the pin "+pin+", and not the one that was given") {
		t.Errorf("another pin: %v", err)
	}
}

func TestGetFails(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hangs.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if page, err := (HTTP{URL: hangs.URL, Timeout: time.Minute}).Get(ctx); err == nil || page != nil || strings.Contains(err.Error(), hangs.URL) {
		t.Errorf("interrupted: %v, %v", page, err)
	}
	if _, err := (HTTP{URL: hangs.URL, Basic: "me", PasswordFile: "/nowhere"}).Get(t.Context()); err == nil {
		t.Error("without the file of the password it asks")
	}
	wrong := HTTP{URL: "http://me:" + password + "@box", Basic: "me", Digest: "me", Pin: "x"}
	err := wrong.Check()
	for _, want := range []string{"the address holds a user", "want one of --basic", "want --password-file with"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("lacks %q: %v", want, err)
		}
	}
	for _, text := range []string{"box", "ftp://box", "http://", "http://me:" + password + "@[::"} {
		if err := (HTTP{URL: text}).Check(); err == nil || !strings.Contains(err.Error(), "want an address such as") || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := (HTTP{URL: "http://box", Insecure: true}).Check(); err == nil {
		t.Error("TLS without TLS is taken")
	}
}
