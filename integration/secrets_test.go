package integration

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// canary is the value of every secret.
const canary = "Canary-7f3a-Serinus"

// TestSecrets gives a gateway every kind of secret, makes its logins fail, and ends it with a dump of all goroutines.
// No output may show a secret.
func TestSecrets(t *testing.T) { // not parallel: the test sets the environment
	t.Setenv("GOTRACEBACK", "system")
	ca := newAuthority(t)
	cert, key := ca.issue("me")
	refusing := startMosquitto(t, "allow_anonymous false")
	strict := bridge(t, refusing.address, "another", ca.pair("bridge.test"))
	lenient := bridge(t, refusing.address, canary, ca.pair("bridge.test"))
	const (
		permanent = "connect refused, and time alone will not cure it"
		tls       = "tls: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: bridge.test}"
	)
	for _, c := range []struct {
		name, config string
		says         string // log line at which the gateway can get no further
		meanwhile    func(*testing.T, *program)
	}{
		{"password", "mqtt: {broker: 'tcp://" + refusing.address + "', username: me, password: " + canary + "}", permanent, nil},
		{"password file", "mqtt: {broker: 'tcp://" + refusing.address + "', username: me, password_file: secret}", permanent, nil},
		{"token that is refused", "mqtt: {broker: 'wss://" + strict + "/mqtt?token=" + canary + "', username: me, password: " + canary + ", " + tls + "}", permanent, nil},
		{"token", "mqtt: {broker: 'wss://" + lenient + "/mqtt?token=" + canary + "', username: me, password_file: secret, " + tls + "}", permanent, nil},
		{"nobody there", "mqtt: {broker: 'ws://" + freeAddress(t) + "/mqtt?token=" + canary + "', username: me, password_file: secret}", "connect failed", nil},
		{"parameter", "mqtt: {broker: 'ws://" + freeAddress(t) + "/mqtt;token=" + canary + "', username: me, password_file: secret}", "connect failed", nil},
		{"users", "mqtt: {broker: embedded}\nembedded: {address: '127.0.0.1:0', users_file: users}", "msg=subscribed", tryPasswords},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "ca.pem", ca.pem())
			write(t, dir, "cert.pem", cert)
			write(t, dir, "key.pem", key)
			write(t, dir, "secret", canary+"\n")
			write(t, dir, "users", "me:"+canary+"\n")
			text := c.config + fmt.Sprintf(`
gateway: {name: gw}
mapping: {root: home, topics: ["home/#"]}
devices:
  - {name: liar, type: liar, params: {password: %[1]s, pin: %[1]s, url: "http://me:%[1]s@box/?token=%[1]s"}}
  - {name: wrong, type: liar, params: {pasword: %[1]s, password: [%[1]s]}}
  - {name: bell, type: http, params: {hook_secret: %[1]s, hooks: [{path: /button, id: button, kind: event, value: .event, options: [press]}]}}
http: {listen: '127.0.0.1:0', users_file: users, token_file: secret, pprof: true}
log: {level: debug, file: {path: gateway.log, level: debug}}
health: {socket: health.sock}
`, canary)
			config := write(t, dir, "gateway.yaml", text)
			gateway := start(t, dir, "testgateway", "run", "--config", config)
			gateway.says(c.says)
			if c.meanwhile != nil {
				c.meanwhile(t, gateway)
			}
			health, err := exec.Command(filepath.Join(programs, "testgateway"), "health", "--config", config).CombinedOutput()
			if err != nil {
				t.Errorf("health: %v: %s", err, health)
			}
			shows(t, "health", string(health), key)
			inspected, err := exec.Command(filepath.Join(programs, "testgateway"), "inspect", "liar", "--config", config).CombinedOutput()
			if err != nil {
				t.Errorf("inspect: %v: %s", err, inspected)
			}
			shows(t, "inspect", string(inspected), key)
			look(t, gateway, key)
			for _, fault := range []string{"mqtt: {password: !" + canary + " x}", "gateway: {nam: " + canary + "}", "mqtt: {password: [" + canary + "]}", "http: {token: {" + canary + ": x}}", "mqtt: {password: '" + canary} {
				write(t, dir, "gateway.yaml", fault+"\n"+text)
				reload(t, gateway, key)
			}
			write(t, dir, "gateway.yaml", text)
			gateway.signal(syscall.SIGQUIT)
			if status := gateway.exit(); status != "exit status 2" {
				t.Errorf("the program ended with %s, want a dump and exit status 2", status)
			}
			lines, _, _ := gateway.lines.from(0)
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "goroutine ") }) {
				t.Error("there is no dump")
			}
			file, err := os.ReadFile(filepath.Join(dir, "gateway.log"))
			if err != nil {
				t.Fatal(err)
			}
			shows(t, "the console", strings.Join(lines, "\n"), key)
			shows(t, "the log file", string(file), key)
			check, _ := exec.Command(filepath.Join(programs, "testgateway"), "check", "--config", config).CombinedOutput()
			shows(t, "check", string(check), key)
			if !strings.Contains(string(check), "pasword") {
				t.Errorf("check does not speak of the misspelt option: %s", check)
			}
		})
	}
}

// server returns what asks the gateway's server with a user's password.
func server(t *testing.T, gateway *program) *eyes {
	t.Helper()
	_, url, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	return lookAt(t, url, "me:"+canary, nil)
}

// look looks at all that the gateway's server shows, and calls hooks.
func look(t *testing.T, gateway *program, key string) {
	t.Helper()
	me := server(t, gateway)
	for _, path := range []string{"session", "tree", "devices", "devices/liar", "devices/wrong", "devices/bell", "config", "health", "log", "log/levels"} {
		shows(t, path, me.wants(http.StatusOK, "GET", "/api/v1/"+path, ""), key)
	}
	shows(t, "diff", me.wants(http.StatusUnprocessableEntity, "GET", "/api/v1/diff", "", "pasword"), key)
	for _, path := range []string{"/", "/metrics", "/debug/pprof/goroutine?debug=2"} {
		shows(t, path, me.wants(http.StatusOK, "GET", path, ""), key)
	}
	me.wants(http.StatusNotFound, "GET", "/debug/pprof/cmdline", "") // the command line may hold a password
	for path, status := range map[string]int{"/hooks/bell/" + canary + "/button": http.StatusNoContent, "/hooks/bell/" + canary + "/buton": http.StatusNotFound, "/hooks/liar/" + canary: http.StatusNotFound} {
		shows(t, "a hook", me.wants(status, "POST", path, `{"event":"press"}`), key)
	}
	if status, text := me.do(me.request("POST", "/hooks/bell/"+canary+"/button", `{"event":"`+canary+`}`)); status != http.StatusBadRequest {
		t.Errorf("a hook is told nonsense: %d", status)
	} else {
		shows(t, "a hook", text, key)
	}
	shows(t, "devices/bell", me.wants(http.StatusOK, "GET", "/api/v1/devices/bell", ""), key)
}

// reload has the gateway read its configuration, which has a fault.
func reload(t *testing.T, gateway *program, key string) {
	t.Helper()
	me := server(t, gateway)
	shows(t, "reload", me.wants(http.StatusUnprocessableEntity, "POST", "/api/v1/reload", "{}"), key)
}

// tryPasswords makes strangers try passwords, and a user publish.
func tryPasswords(t *testing.T, gateway *program) {
	t.Helper()
	url := "tcp://" + embeddedAddress(t, gateway)
	for _, user := range []string{canary, "you", "me"} { // the log names the first one that is refused
		session, err := direct.Dial(t.Context(), mqtt.Options{Broker: url, ClientID: "x", Username: user, Password: canary, CleanSession: true})
		if (err == nil) != (user == "me") {
			t.Errorf("%q signs in: %v", user, err)
		}
		if err == nil {
			session.Publish(0, mqtt.Message{Topic: "home////liar/me/C", Payload: `{"action": "PANIC", "text": "told to"}`})
			session.Flush()
			gateway.says("panic")
			gateway.says("device online again")
			session.Publish(0, mqtt.Message{Topic: "home////liar/me/C", Payload: `{"action": "FAIL", "text": "dial tcp://me:` + canary + `@box: refused"}`})
			session.Flush()
			gateway.says(`handling FAIL: dial tcp://******@box: refused`)
			session.Close(t.Context())
		}
	}
}

// shows fails the test if a text contains the canary, in any way in which a program could write it, or the private key.
func shows(t *testing.T, what, text, key string) {
	t.Helper()
	forms := []string{
		canary,
		base64.StdEncoding.EncodeToString([]byte(canary))[:20],
		hex.EncodeToString([]byte(canary)),
		strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
		strings.Split(key, "\n")[1],
	}
	for line := range strings.SplitSeq(text, "\n") {
		for _, form := range forms {
			if strings.Contains(strings.ToLower(line), strings.ToLower(form)) {
				t.Errorf("%s shows a secret: %s", what, line)
			}
		}
	}
}
