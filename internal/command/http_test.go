package command

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	_ "github.com/mqttgateway/mqttgateway/devices/http"
)

const withHooks = `
mapping: {root: home, topics: [home/#]}
devices:
  - name: door bell
    type: http
    params:
      hook_secret: swordfish-swordfish
      hooks: [{path: /button, id: button, kind: event, value: .event, options: [press]}, {path: /state, id: battery}]
`

func TestCheckTellsOfHooks(t *testing.T) {
	folder(t, map[string]string{"users": "me:swordfish", "gw.yaml": strings.Replace(withHooks, "id: battery", "id: battery, value: .battery", 1)})
	got := execute(t, "", "check", "-c", "gw.yaml")
	if want := `:8:7: devices[0].params.hooks: nothing listens for them: want http.listen too` + "\n"; got.status != 1 || !strings.HasSuffix(got.stderr, want) {
		t.Errorf("no server: %+v, want %s", got, want)
	}
	for _, row := range []struct{ listen, base, want string }{
		{"192.0.2.1:80", "", ""},
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{":8080", "/gate", "http://THIS-MACHINE:8080/gate"},
		{"[::]:8080", "", "http://THIS-MACHINE:8080"},
		{"[::1]:8080", "", "http://[::1]:8080"},
	} {
		got := execute(t, "", "check", "-c", "gw.yaml", "--http.listen", row.listen, "--http.users_file", "users", "--http.base_path", row.base)
		if row.want == "" {
			if got.status == 0 || !strings.Contains(got.stderr, `http.listen: "192.0.2.1:80" is no address of this machine`) {
				t.Errorf("%s: %+v", row.listen, got)
			}
			continue
		}
		wants(t, "standard output", got.stdout,
			`hook of "door bell": `+row.want+"/hooks/door%20bell/******/button\n", `hook of "door bell": `+row.want+"/hooks/door%20bell/******/state\n")
		if got.status != 0 || strings.Contains(got.stdout+got.stderr, "swordfish") {
			t.Errorf("%s: %+v", row.listen, got)
		}
	}
}

// Profiles can be had, but not the command line, whose flags may hold a password.
func TestProfilesOfTheProgram(t *testing.T) {
	mux := http.NewServeMux()
	handleProfiles(mux)
	for path, want := range map[string]int{"": 200, "heap": 200, "goroutine": 200, "symbol": 200, "cmdline": 404, "nothing": 404} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/pprof/"+path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), os.Args[0]) && path == "cmdline" {
			t.Errorf("%q: %d, want %d", path, w.Code, want)
		}
	}
}

func TestServerThatCannotBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	folder(t, nil)
	got := execute(t, "", "run", "--http.listen", address, "--embedded.address", "127.0.0.1:0")
	if want := `http.listen: "` + address + `": another program listens there: want another port`; got.status != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("got %+v, want %s", got, want)
	}
}

// A gateway with a server tells its address, shows its page, serves hooks, and shows a renewed certificate without a restart.
func TestServer(t *testing.T) {
	first, key := newPair(t)
	folder(t, map[string]string{"cert.pem": first, "key.pem": key})
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, stderr := newScreen(), newScreen()
	ended := make(chan int, 1)
	args := []string{"run", "--embedded.address", "127.0.0.1:0", "--http.listen", "127.0.0.1:0", "--http.cert_file", "cert.pem", "--http.key_file", "key.pem", "--http.base_path", "/gate"}
	go func() { ended <- Execute(ctx, args, strings.NewReader(""), stdout, stderr) }()
	if !stdout.await(waiting, "http listening") {
		t.Fatalf("no address: %s%s", stdout, stderr)
	}
	base := regexp.MustCompile(`msg="http listening" url=(\S+)`).FindStringSubmatch(stdout.String())[1]
	var shown []byte
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		shown = s.PeerCertificates[0].Raw
		return nil
	}}}}
	get := func(path string) (status int) {
		t.Helper()
		res, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for _, path := range []string{"", "/"} {
		if status := get(path); status != http.StatusOK {
			t.Errorf("the page at %q: %d", path, status)
		}
	}
	for _, path := range []string{"/nothing", "/hooks/", "/hooks/dummy/secret/x"} {
		if status := get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	renewed, newKey := newPair(t)
	for name, text := range map[string]string{"cert.pem": renewed, "key.pem": newKey} {
		later := time.Now().Add(time.Hour) // the clock of a file may be coarse
		if err := errors.Join(os.WriteFile(name, []byte(text), 0o600), os.Chtimes(name, later, later)); err != nil {
			t.Fatal(err)
		}
	}
	if get("/"); inPEM("CERTIFICATE", shown) != renewed {
		t.Error("the renewed certificate is not shown")
	}
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("status %d", status)
	}
	if n := strings.Count(stdout.String()+stderr.String(), "https://"); n != 2 { // in the log, and to the newcomer
		t.Errorf("the address is told %d times", n)
	}
}

// A certificate that breaks while the gateway runs is told of once, and the former one stays.
func TestBrokenRenewal(t *testing.T) {
	text, key := newPair(t)
	folder(t, map[string]string{"cert.pem": text, "key.pem": key, "gw.yaml": "mapping: {root: home, topics: [x]}\nhttp: {listen: '127.0.0.1:0', cert_file: cert.pem, key_file: key.pem}\n"})
	l, err := config.Load(config.Sources{Path: "gw.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := readCertificate(l)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	shows := c.config(slog.New(slog.NewTextHandler(&said, nil))).GetCertificate
	if err := os.Remove("key.pem"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if pair, err := shows(new(tls.ClientHelloInfo)); err != nil || inPEM("CERTIFICATE", pair.Certificate[0]) != text {
			t.Errorf("shows %v, %v", pair, err)
		}
	}
	if n := strings.Count(said.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times:\n%s", n, said.String())
	}
	folder(t, map[string]string{"cert.pem": text, "key.pem": "none", "gw.yaml": "mapping: {root: home, topics: [x]}\nhttp: {listen: '127.0.0.1:0', cert_file: cert.pem, key_file: key.pem}\n"})
	if got := execute(t, "", "check", "-c", "gw.yaml"); got.status != 1 || !strings.Contains(got.stderr, "http.cert_file and http.key_file: ") {
		t.Errorf("no key: %+v", got)
	}
}
