package integration

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

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

const boilerPassword = "sw0rdf1sh"

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

const boilerAndStranger = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - name: boiler
    type: http
    retry: {min: 100ms, max: 300ms}
    reply: always
    params:
      base: http://BOILER
      auth: {digest: admin, password_file: shelly.pw}
      reads:
        - {get: "/rpc/Switch.GetStatus?id=0", every: 200ms, points: [
            {id: relay, value: .output, kind: bool, words: {true: LIGHT_ON, false: LIGHT_OFF}, write: {get: "/rpc/Switch.Set?id=0&on={{.relay}}", expect: 'has("was_on")'}},
            {id: power, value: .apower, unit: W, class: power, deadband: 2},
            {id: energy, value: '.aenergy.total / 1000', unit: kWh, class: energy, state: total_increasing}]}
  - name: stranger
    type: http
    params: {base: "http://BOILER", auth: {digest: admin, password: swordf1sh}, reads: [{get: /rpc/Switch.GetStatus}]}
`

// TestHTTP connects the real program to a boiler with a web server, takes it away, and brings it back.
func TestHTTP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &boiler{t: t}
	b.start("127.0.0.1:0")
	defer func() { b.end() }()
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/+", "home/$gateway/#")
	write(t, dir, "shelly.pw", boilerPassword+"\n")
	config := write(t, dir, "gateway.yaml", strings.ReplaceAll(boilerAndStranger, "BOILER", b.address))
	gateway := start(t, t.TempDir(), "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")

	values := func(payload string) message {
		return message{topic: "home/$gateway/gw/boiler/values", payload: payload, qos: 1}
	}
	says := func(payload string) message {
		return message{topic: "home////boiler/gw/S", payload: payload, qos: 1}
	}
	asks := func(payload string) message { return message{topic: "home////boiler/me/C", payload: payload, qos: 1} }
	u.await("opened", values(`{"relay":false,"power":60.5,"energy":1234.5005}`))
	gateway.says("device=stranger … GET /rpc/Switch.GetStatus: status 401 Unauthorized: want auth with another user")
	u.say(asks("LIGHT_ON"))
	u.await("switched by a word", says("LIGHT_ON"), says(`{"action":"LIGHT_ON","response":"OK"}`), values(`{"relay":true,"power":60.5,"energy":1234.5005}`))
	u.say(asks(`{"action":"SET","relay":false}`))
	u.await("switched by SET", says("LIGHT_OFF"), says(`{"action":"SET","response":"OK"}`), values(`{"relay":false,"power":60.5,"energy":1234.5005}`))

	address := b.address
	b.end()
	gateway.says(`level=WARN … device=boiler … GET /rpc/Switch.GetStatus: `)
	u.await("gone", values(`{"relay":null,"power":null,"energy":null}`))
	b.start(address)
	u.await("back", values(`{"relay":false,"power":60.5,"energy":1234.5005}`))
	gateway.says(`msg="device online again" device=boiler`)
	if lines := gateway.saidSince(0, `level=WARN…device=boiler`); len(lines) != 1 {
		t.Errorf("the boiler was gone once, and the log says\n  %s", strings.Join(lines, "\n  "))
	}
	for _, secret := range []string{boilerPassword, "swordf1sh"} {
		if lines := gateway.saidSince(0, secret); len(lines) > 0 {
			t.Errorf("a secret in the log:\n  %s", strings.Join(lines, "\n  "))
		}
	}
	gateway.stop()
}
