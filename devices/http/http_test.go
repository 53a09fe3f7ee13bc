package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	web "github.com/mqttgateway/mqttgateway/devices/http"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// boiler is a Shelly of the second generation.
const boiler = `
  - name: boiler
    type: http
    params:
      base: http://10.0.0.20
      auth: {digest: admin, password_file: shelly.pw}
      reads:
        - {get: "/rpc/Switch.GetStatus?id=0", every: 10s, points: [
            {id: relay, value: .output, kind: bool, words: {true: LIGHT_ON, false: LIGHT_OFF}, write: {get: "/rpc/Switch.Set?id=0&on={{.relay}}", expect: 'has("was_on")'}},
            {id: power, value: .apower, unit: W, class: power, deadband: 2},
            {id: energy, value: '.aenergy.total / 1000', unit: kWh, class: energy, state: total_increasing}]}
`

const password = "sw0rdf1sh"

// configured returns the params of the one device in YAML, with changes.
func configured(t *testing.T, yaml string, change func(params map[string]any)) map[string]any {
	t.Helper()
	list, err := config.ParseDevices(yaml)
	if err != nil {
		t.Fatal(err)
	}
	change(list[0].Params)
	return list[0].Params
}

// shelly plays the boiler, which demands a digest.
type shelly struct {
	*httptest.Server
	mu    sync.Mutex
	on    bool
	power float64
	mood  string   // "": well; "dead", "ill", "refuses", "babbles", "hangs"
	ill   int      // requests that it is still ill for
	asked []string // paths with their queries, and how they were allowed
	ended chan struct{}
}

// plugIn has a Shelly listen until the test ends.
func plugIn(t testing.TB) *shelly {
	s := &shelly{power: 60.5, ended: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { close(s.ended); s.Close() })
	return s
}

func (s *shelly) is(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *shelly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ill > 0 {
		s.ill--
		http.Error(w, "overheated", http.StatusServiceUnavailable)
		return
	}
	switch s.mood {
	case "dead":
		panic(http.ErrAbortHandler)
	case "ill":
		http.Error(w, "overheated", http.StatusServiceUnavailable)
		return
	case "babbles":
		fmt.Fprint(w, "<html>")
		return
	case "hangs":
		s.mu.Unlock()
		select {
		case <-r.Context().Done():
		case <-s.ended:
		}
		s.mu.Lock()
		return
	}
	if !allowed(r) {
		w.Header().Set("WWW-Authenticate", `Digest qop="auth", realm="shelly", nonce="60dc2c3f", algorithm=SHA-256`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.asked = append(s.asked, r.URL.RequestURI())
	switch r.URL.Path {
	case "/rpc/Switch.GetStatus":
		fmt.Fprintf(w, `{"id":0,"output":%t,"apower":%v,"aenergy":{"total":1234500.5}}`, s.on, s.power)
	case "/rpc/Switch.Set":
		if s.mood == "refuses" {
			fmt.Fprint(w, `{"code":-103,"message":"Invalid argument"}`)
			return
		}
		was := s.on
		s.on = r.URL.Query().Get("on") == "true"
		fmt.Fprintf(w, `{"was_on":%t}`, was)
	default:
		http.NotFound(w, r)
	}
}

// allowed looks at the digest.
func allowed(r *http.Request) bool {
	given, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	if err != nil {
		return false
	}
	challenge := &digest.Challenge{Realm: given.Realm, Nonce: given.Nonce, Algorithm: given.Algorithm, QOP: []string{given.QOP}}
	want, err := digest.Digest(challenge, digest.Options{
		Method: r.Method, URI: r.URL.RequestURI(), Username: "admin", Password: password, Cnonce: given.Cnonce, Count: given.Nc,
	})
	return err == nil && want.Response == given.Response
}

// at returns the params of the boiler at an address, polled often.
func at(t *testing.T, base string) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shelly.pw")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return configured(t, boiler, func(p map[string]any) {
		p["base"] = base
		p["auth"].(map[string]any)["password_file"] = file
		p["reads"].([]any)[0].(map[string]any)["every"] = "100ms"
	})
}

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

// noSecrets looks through all that a device has said for a secret.
func noSecrets(t *testing.T, d *devicetest.Device, secret string) {
	t.Helper()
	for _, line := range d.Lines() {
		if strings.Contains(line, secret) {
			t.Errorf("a secret in the log: %s", line)
		}
	}
	for _, err := range d.Reports() {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("a secret in a report: %v", err)
		}
	}
}

func TestBoiler(t *testing.T) {
	s := plugIn(t)
	d := devicetest.Start(t, "http", at(t, s.URL), devicetest.Name("boiler"))
	await(t, d, "relay", false)
	await(t, d, "power", 60.5)
	await(t, d, "energy", 1234.5005)
	if err := d.Set("relay", true); err != nil {
		t.Error(err)
	}
	await(t, d, "relay", true)
	s.is(func() { s.power = 70 })
	await(t, d, "power", 70)
	s.is(func() {
		if !slices.Contains(s.asked, "/rpc/Switch.Set?id=0&on=true") {
			t.Errorf("asked %q", s.asked)
		}
		s.mood = "refuses"
	})
	if err := d.Set("relay", false); !errors.Is(err, devices.ErrAction) || !strings.Contains(err.Error(), "relay: GET /rpc/Switch.Set: not the answer that is expected") {
		t.Errorf("the Shelly refuses: %v", err)
	}
	noSecrets(t, d, password)
}

// A boiler keeps what every device has to keep.
func TestRules(t *testing.T) {
	s, mute := plugIn(t), plugIn(t)
	mute.is(func() { mute.mood = "hangs" })
	on := messages.New(messages.Command, messages.Address{}, "LIGHT_ON")
	devicetest.Run(t, web.Open, at(t, s.URL), devicetest.Name("boiler"), devicetest.Commands(on), devicetest.Mute(at(t, mute.URL)),
		devicetest.Beside(at(t, s.URL)), devicetest.Break(func() { s.is(func() { s.ill = 3 }) }))
}

// A boiler that dies is unknown, with the reason, and then gone; when it has returned it can be opened again.
func TestDiesAndReturns(t *testing.T) {
	for mood, says := range map[string]string{
		"dead": "GET /rpc/Switch.GetStatus: the other end has hung up", "ill": "GET /rpc/Switch.GetStatus: status 503 Service Unavailable",
		"babbles": "GET /rpc/Switch.GetStatus: no JSON: ", "hangs": "GET /rpc/Switch.GetStatus: no answer within 100ms",
	} {
		t.Run(mood, func(t *testing.T) {
			s := plugIn(t)
			params := at(t, s.URL)
			params["timeout"] = "100ms"
			d := devicetest.Start(t, "http", params)
			await(t, d, "power", 60.5)
			s.is(func() { s.mood = mood })
			if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("the boiler has failed: %v; want %s", err, says)
			}
			await(t, d, "power", nil)
			if _, err := d.Value("power"); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("the power: %v; want %s", err, says)
			}
			if reports := d.Reports(); len(reports) > 0 {
				t.Errorf("reported as well: %v", reports)
			}
			if _, err := devicetest.Open("http", params); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("opened: %v; want %s", err, says)
			}
			s.is(func() { s.mood = "" })
			again := devicetest.Start(t, "http", params)
			await(t, again, "power", 60.5)
		})
	}
}
