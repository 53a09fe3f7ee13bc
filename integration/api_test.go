package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// eyes asks the API of a gateway, by TCP or at its health socket.
type eyes struct {
	t      *testing.T
	base   string
	as     string // user:password
	client *http.Client
}

func lookAt(t *testing.T, base, as string, dial func(context.Context, string, string) (net.Conn, error)) *eyes {
	jar, err := cookiejar.New(nil) // as a browser has it
	if err != nil {
		t.Fatal(err)
	}
	return &eyes{t, base, as, &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}}
}

// request returns a request with JSON, which has the header that a foreign page can't send.
func (e *eyes) request(method, path, body string) *http.Request {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.base+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	if name, password, ok := strings.Cut(e.as, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	r.Header.Set("Mqttgateway-Request", "1")
	r.Header.Set("Content-Type", "application/json")
	return r
}

// do returns the status and the text of an answer.
func (e *eyes) do(r *http.Request) (int, string) {
	e.t.Helper()
	res, err := e.client.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// wants asks, and checks the status and what the answer says.
func (e *eyes) wants(status int, method, path, body string, says ...string) string {
	e.t.Helper()
	got, text := e.do(e.request(method, path, body))
	if got != status {
		e.t.Errorf("%s %s: %d %.300s, want %d", method, path, got, text, status)
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			e.t.Errorf("%s %s lacks %s:\n%.2000s", method, path, want, text)
		}
	}
	return text
}

// listen reads events, and returns what waits for one that says something.
func (e *eyes) listen(kinds string) (until func(name string, says ...string)) {
	e.t.Helper()
	res, err := e.client.Do(e.request("GET", "/api/v1/events?kinds="+kinds, ""))
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { res.Body.Close() })
	events := make(chan [2]string, 1000)
	go func() {
		defer close(events)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		name := ""
		for lines.Scan() {
			switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
			case "event":
				name = value
			case "data":
				events <- [2]string{name, value}
			}
		}
	}()
	return func(name string, says ...string) {
		e.t.Helper()
		deadline := time.After(patience)
	next:
		for {
			select {
			case event, ok := <-events:
				if !ok {
					e.t.Fatalf("the events have ended before %s %q", name, says)
				}
				for _, want := range says {
					if !strings.Contains(event[1], want) {
						continue next
					}
				}
				if event[0] == name {
					return
				}
			case <-deadline:
				e.t.Fatalf("no event %s with %q", name, says)
			}
		}
	}
}

// TestAPI watches and orders the real program by HTTP, with credentials, and at the health socket, without.
func TestAPI(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const canary = "correct-horse-battery"
	write(t, dir, "users", "me:"+canary+"\n")
	at, err := os.MkdirTemp("", "") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(at) })
	socket := filepath.Join(at, "s")
	good := fmt.Sprintf(`gateway: {name: gw}
mqtt: {broker: embedded}
embedded: {address: '127.0.0.1:0'}
health: {socket: %s}
http: {listen: '127.0.0.1:0', users_file: users}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: lamp, type: dummy, address: {location: Kitchen}, params: {port: none}}
`, socket)
	path := write(t, dir, "gw.yaml", good)
	gateway := start(t, t.TempDir(), "gateway", "run", "--config", path)
	_, server, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	gateway.says("msg=connected")
	me, nobody := lookAt(t, server, "me:"+canary, nil), lookAt(t, server, "", nil)

	t.Run("who may not", func(t *testing.T) {
		nobody.t, me.t = t, t
		defer func() { me.t = t }()
		for _, path := range []string{"/", "/readyz", "/metrics", "/debug/pprof/", "/api/v1/tree", "/api/v1/config", "/api/v1/events", "/nothing"} {
			nobody.wants(http.StatusUnauthorized, "GET", path, "")
		}
		nobody.wants(http.StatusUnauthorized, "POST", "/api/v1/reload", "{}")
		nobody.wants(http.StatusOK, "GET", "/livez", "")
		nobody.wants(http.StatusNotFound, "POST", "/hooks/lamp/secret/x", "")
		me.wants(http.StatusOK, "GET", "/readyz", "")
		me.wants(http.StatusNotFound, "GET", "/debug/pprof/", "")
		me.wants(http.StatusNotFound, "GET", "/api/../api/v1/tree", "")
		me.wants(http.StatusNotFound, "GET", "/api/v1/%2e%2e/tree", "")
		for header, value := range map[string]string{"Origin": "http://evil.example.com", "Mqttgateway-Request": ""} {
			r := me.request("POST", "/api/v1/devices/lamp/stop", "{}")
			r.Header.Set(header, value)
			if status, text := me.do(r); status != http.StatusForbidden {
				t.Errorf("%s %q: %d %s", header, value, status, text)
			}
		}
		r := me.request("GET", "/api/v1/tree", "")
		r.Host = "evil.example.com"
		if status, text := me.do(r); status != http.StatusMisdirectedRequest {
			t.Errorf("a foreign name: %d %s", status, text)
		}
		r = me.request("POST", "/api/v1/messages", "")
		r.Body, r.ContentLength = io.NopCloser(endless{}), 1<<30
		if res, err := me.client.Do(r); err == nil {
			if res.Body.Close(); res.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("a body of 1 GB: %d", res.StatusCode)
			}
		} // else the server has hung up before the client has looked
		guess := lookAt(t, server, "you:guess", nil)
		slowed := false
		for range 20 {
			status, _ := guess.do(guess.request("GET", "/api/v1/tree", ""))
			slowed = slowed || status == http.StatusTooManyRequests
		}
		if !slowed {
			t.Error("who guesses is not slowed down")
		}
		me.wants(http.StatusOK, "GET", "/api/v1/tree", "")
	})
	me.t = t

	byHTTP := me
	bySocket := lookAt(t, "http://gateway", "", func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	})
	for how, e := range map[string]*eyes{"by HTTP": byHTTP, "at the socket": bySocket} {
		t.Run(how, func(t *testing.T) {
			e.t = t
			until := e.listen("record,messages,log")
			until("snapshot", `"name":"lamp"`, `"broker":`)
			e.wants(http.StatusOK, "GET", "/api/v1/tree", "", `"name":"lamp","state":"online"`, `"counts":{"online":1,"opening":0,"down":0}`)
			e.wants(http.StatusOK, "GET", "/api/v1/health", "", `"ok":true`)
			e.wants(http.StatusAccepted, "POST", "/api/v1/messages", `{"topic":"home///Kitchen//me/C","payload":"light_on"}`)
			until("message", `"direction":"in"`, `"payload":"light_on"`, `"devices":1`)
			e.wants(http.StatusOK, "GET", "/api/v1/devices/lamp", "", `"address":{"location":"Kitchen"}`, `light_on`)
			e.wants(http.StatusOK, "GET", "/api/v1/topics?prefix=home///K", "", `home///Kitchen//me/C`)
			e.wants(http.StatusOK, "GET", "/api/v1/explain?topic=home///Kitchen//me/C&payload=x", "", `"device":"lamp","found":true`)
			e.wants(http.StatusConflict, "POST", "/api/v1/devices/lamp/set", `{"relay":true}`, `"response":`)
			e.wants(http.StatusAccepted, "POST", "/api/v1/devices/lamp/stop", "{}")
			until("change", `"name":"lamp"`, `"state":"stopped"`)
			e.wants(http.StatusAccepted, "POST", "/api/v1/devices/lamp/start", "{}")
			until("change", `"name":"lamp"`, `"state":"online"`)
			e.wants(http.StatusOK, "POST", "/api/v1/log/levels", `{"actors":{"lamp":"debug"}}`, `"lamp":"debug"`)
			e.wants(http.StatusOK, "POST", "/api/v1/log/levels", `{"actors":{}}`)
			e.wants(http.StatusOK, "GET", "/api/v1/log", "", `"text":"connected"`)
			e.wants(http.StatusOK, "GET", "/api/v1/config", "", "gateway:\n  name: gw\n", "name: lamp")

			write(t, dir, "gw.yaml", strings.Replace(good, "port: none", "prt: none", 1)+"  - {name: lamp, type: lapm}\n")
			text := e.wants(http.StatusUnprocessableEntity, "POST", "/api/v1/reload", "{}", `"faults":[`, `"line":9,`)
			var problem struct {
				Faults []struct{ File, Key, Text string }
			}
			if err := json.Unmarshal([]byte(text), &problem); err != nil || len(problem.Faults) < 2 || problem.Faults[0].File != path {
				t.Errorf("faults: %v %s", err, text)
			}
			write(t, dir, "gw.yaml", good+"  - {name: second, type: dummy, params: {port: none}}\n")
			e.wants(http.StatusOK, "GET", "/api/v1/diff", "", `"added":["second"]`)
			e.wants(http.StatusOK, "POST", "/api/v1/reload", "{}", `"added":["second"]`)
			until("change", `"name":"second"`, `"state":"online"`)
			until("log", `"text":"configuration read again"`)
			write(t, dir, "gw.yaml", good)
			e.wants(http.StatusOK, "POST", "/api/v1/reload", "{}", `"removed":["second"]`)
			until("change", `{"kind":"device","name":"second","removed":true}`)
		})
	}

	for _, args := range [][]string{{"inspect", "lamp"}, {"top"}} {
		said := shell(t, dir, &block{lines: []string{"$ gateway " + strings.Join(args, " ") + " --health.socket " + socket}})
		if !strings.Contains(said, "lamp") || !strings.Contains(said, "online") {
			t.Errorf("%q says %s", args, said)
		}
	}
	me.t, bySocket.t = t, t
	everything := ""
	for _, path := range []string{"tree", "devices/lamp", "config", "log", "health"} {
		everything += me.wants(http.StatusOK, "GET", "/api/v1/"+path, "")
	}
	if strings.Contains(everything+me.wants(http.StatusOK, "GET", "/metrics", ""), canary) {
		t.Error("a password is shown")
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
