package integration

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// boiler plays a Shelly of the second generation, which demands a digest.
type boiler struct {
	t       *testing.T
	address string
	server  *http.Server
	done    sync.WaitGroup

	mu sync.Mutex
	on bool
}

// start has the boiler listen at an address, with what it had before.
func (b *boiler) start(address string) {
	b.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.address, b.server = listener.Addr().String(), &http.Server{Handler: b}
	b.done.Go(func() { _ = b.server.Serve(listener) })
}

// end hangs up, and answers no more calls.
func (b *boiler) end() {
	b.server.Close()
	b.done.Wait()
}

const (
	boilerPassword = "sw0rdf1sh"
	hookSecret     = "hook-sw0rdf1sh-00"
)

func (b *boiler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	allowed := false
	if err == nil {
		want, err := digest.Digest(
			&digest.Challenge{Realm: given.Realm, Nonce: given.Nonce, Algorithm: given.Algorithm, QOP: []string{given.QOP}},
			digest.Options{Method: r.Method, URI: r.URL.RequestURI(), Username: "admin", Password: boilerPassword, Cnonce: given.Cnonce, Count: given.Nc})
		allowed = err == nil && want.Response == given.Response
	}
	if !allowed {
		w.Header().Set("WWW-Authenticate", `Digest qop="auth", realm="shelly", nonce="60dc2c3f", algorithm=SHA-256`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch r.URL.Path {
	case "/rpc/Switch.GetStatus":
		fmt.Fprintf(w, `{"id":0,"output":%t,"apower":60.5,"aenergy":{"total":1234500.5}}`, b.on)
	case "/rpc/Switch.Set":
		was := b.on
		b.on = r.URL.Query().Get("on") == "true"
		fmt.Fprintf(w, `{"was_on":%t}`, was)
	}
}

// TestHTTP has the real program work with a boiler as README shows it: it is read, switched by a word and by SET, and calls when its
// button is pressed. Then the boiler dies, for as long as -integration.equipment says, and comes back. Commands are answered at once
// meanwhile, and those for another boiler carried out.
func TestHTTP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, other := &boiler{t: t}, &boiler{t: t}
	b.start("127.0.0.1:0")
	defer func() { b.end() }()
	other.start("127.0.0.1:0")
	defer other.end()
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/+", "home/$gateway/#")
	write(t, dir, "shelly.pw", boilerPassword+"\n")
	write(t, dir, "boiler.hook", hookSecret+"\n")
	shown := readDocument(t, "../README.md").take(t, "yaml", "http: {listen: ").text()
	for old, now := range map[string]string{
		"http://10.0.0.20": "http://" + b.address, ":8080": "127.0.0.1:0", ", users_file: users": "", "every: 10s": "every: 200ms",
		"type: http\n": "type: http\n    retry: {min: 100ms, max: 300ms}\n    reply: always\n",
	} {
		if !strings.Contains(shown, old) {
			t.Fatalf("README shows no %q:\n%s", old, shown)
		}
		shown = strings.Replace(shown, old, now, 1)
	}
	config := write(t, dir, "gateway.yaml", shown+fmt.Sprintf(`
  - name: stranger
    type: http
    params: {base: "http://%s", auth: {digest: admin, password: swordf1sh}, reads: [{get: /rpc/Switch.GetStatus}]}
  - name: other
    type: http
    reply: always
    params:
      base: http://%s
      auth: {digest: admin, password_file: shelly.pw}
      reads: [{get: /rpc/Switch.GetStatus, points: [{id: on, value: .output, kind: bool, write: {get: "/rpc/Switch.Set?on={{.on}}"}}]}]
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
`, b.address, other.address))
	gateway := start(t, t.TempDir(), "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")
	_, server, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	presses := func(how string) int {
		t.Helper()
		res, err := http.Get(server + "/hooks/boiler/" + hookSecret + "/button?event=" + how)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		return res.StatusCode
	}

	const idle = `"power":60.5,"energy":1234.5005}`
	values := func(payload string) message {
		return message{topic: "home/$gateway/gw/boiler/values", payload: payload, qos: 1}
	}
	says := func(device, payload string) message {
		return message{topic: "home////" + device + "/gw/S", payload: payload, qos: 1}
	}
	asks := func(device, payload string) {
		u.say(message{topic: "home////" + device + "/me/C", payload: payload, qos: 1})
	}
	pressed := []message{says("boiler", "single_push"), {topic: "home/$gateway/gw/boiler/event/button", payload: `{"event_type":"single_push"}`, qos: 1}}
	u.await("opened", values(`{"relay":false,`+idle))
	gateway.says("device=stranger … GET /rpc/Switch.GetStatus: status 401 Unauthorized: want auth with another user")
	asks("boiler", "LIGHT_ON")
	u.await("switched by a word", says("boiler", "LIGHT_ON"), says("boiler", `{"action":"LIGHT_ON","response":"OK"}`), values(`{"relay":true,`+idle))
	asks("boiler", `{"action":"SET","relay":false}`)
	u.await("switched by SET", says("boiler", "LIGHT_OFF"), says("boiler", `{"action":"SET","response":"OK"}`), values(`{"relay":false,`+idle))
	if status := presses("single_push"); status != http.StatusNoContent {
		t.Errorf("the button: status %d", status)
	}
	u.await("the button is pressed", pressed...)
	if status := presses("never"); status != http.StatusBadRequest {
		t.Errorf("a button that there is not: status %d", status)
	}

	address := b.address
	b.end()
	gateway.says(`msg="device failed" device=boiler … GET /rpc/Switch.GetStatus: `)
	u.await("gone", values(`{"relay":null,"power":null,"energy":null}`))
	on, longest, last := false, time.Duration(0), time.Now().Add(*equipmentAway)
	for time.Now().Before(last) {
		if status := presses("single_push"); status != http.StatusServiceUnavailable {
			t.Errorf("the button of a boiler that is gone: status %d", status)
		}
		on = !on
		asked := time.Now()
		asks("boiler", "LIGHT_ON")
		asks("other", fmt.Sprintf(`{"action":"SET","on":%t}`, on))
		for gone, done := false, false; !gone || !done; {
			m, ok := u.hear(patience)
			if !ok {
				t.Fatalf("answered by the boiler that is gone: %t, by the other: %t", gone, done)
			}
			gone = gone || m.topic == says("boiler", "").topic && strings.Contains(m.payload, `"response":"ERROR"`)
			done = done || m == says("other", `{"action":"SET","response":"OK"}`)
		}
		longest = max(longest, time.Since(asked))
		time.Sleep(200 * time.Millisecond) // how often people ask while the boiler is away is not what the test waits for
	}
	b.start(address)
	u.await("back", values(`{"relay":false,`+idle))
	gateway.says(`msg="device online again" device=boiler`)
	for _, line := range []string{`level=WARN msg="device failed" device=boiler`, `msg="device online again" device=boiler`} {
		if lines := gateway.saidSince(0, line); len(lines) != 1 {
			t.Errorf("the boiler was gone once, and the log says\n  %s", strings.Join(lines, "\n  "))
		}
	}
	asks("boiler", "LIGHT_ON")
	u.await("switched when it is back", says("boiler", "LIGHT_ON"), says("boiler", `{"action":"LIGHT_ON","response":"OK"}`), values(`{"relay":true,`+idle))
	if status := presses("single_push"); status != http.StatusNoContent {
		t.Errorf("the button of the boiler that is back: status %d", status)
	}
	u.await("the button is pressed again", pressed...)
	t.Logf("the boiler was away for %s; two commands were answered within %s", *equipmentAway, longest)
	for _, secret := range []string{boilerPassword, "swordf1sh", hookSecret} {
		if lines := gateway.saidSince(0, secret); len(lines) > 0 {
			t.Errorf("a secret in the log:\n  %s", strings.Join(lines, "\n  "))
		}
	}
	gateway.stop()
}
