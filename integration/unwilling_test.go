package integration

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRefusedSubscription makes the broker refuse one of two subscriptions.
func TestRefusedSubscription(t *testing.T) {
	t.Parallel()
	// With a plain access control list mosquitto accepts every subscription: only the plugin refuses one.
	security := write(t, t.TempDir(), "security.json", `{
		"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
		"clients": [], "anonymousGroup": "all",
		"groups": [{"groupname": "all", "roles": [{"rolename": "all"}]}],
		"roles": [{"rolename": "all", "acls": [
			{"acltype": "subscribePattern", "topic": "home/Lighting/#", "allow": true},
			{"acltype": "subscribePattern", "topic": "home/+/+/+/+/gw/#", "allow": true}
		]}]
	}`)
	broker := startMosquitto(t, "plugin "+plugin(t), "plugin_opt_config_file "+security)
	dir := t.TempDir()
	config := strings.Replace(echoing, `"home/#"`, `"home/Lighting/#", "home/Audio/#"`, 1)
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", config), "--mqtt.broker=tcp://"+broker.address)
	gateway.says("level=INFO msg=subscribed topic=home/Lighting/# qos=0")
	const refused = `level=ERROR msg="subscription refused" topic=home/Audio/#`
	gateway.says(refused)
	join(t, broker.address, "home/+/+/+/+/gw/#").ask(patience,
		message{topic: "home/Lighting////me/C", payload: "LIGHT_ON"},
		message{topic: "home/Lighting////gw/S", payload: "LIGHT_ON"})
	gateway.stop()
	gateway.saysOnly(refused)
}

// plugin returns the path of mosquitto's dynamic security plugin.
func plugin(t *testing.T) string {
	t.Helper()
	const name = "mosquitto_dynamic_security.so"
	for _, dir := range []string{"/usr/lib/*", "/usr/lib", "/usr/local/lib", "/opt/homebrew/lib"} {
		if paths, _ := filepath.Glob(filepath.Join(dir, name)); len(paths) > 0 {
			return paths[0]
		}
	}
	t.Fatalf("this test needs %s, which comes with mosquitto 2.0 and is in none of the usual folders", name)
	return ""
}

// TestWrongPassword makes the broker refuse the gateway. No line of the log contains the password.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "allow_anonymous false")
	dir := t.TempDir()
	const password = "correct-horse"
	write(t, dir, "password", password+"\n")
	config := write(t, dir, "gateway.yaml", "mqtt: {username: gw, password_file: password, reconnect: {min: 1ms, max: 1ms}}\nlog: {level: debug}"+echoing)
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	const refused = `level=ERROR msg="connect refused, and time alone will not cure it" … retry=`
	line := gateway.says(refused)
	if wait := durationAfter(t, line, "retry="); wait.Seconds() < 30 {
		t.Errorf("the gateway tries again after %v, want 30 s at least: %s", wait, line)
	}
	gateway.stop()
	gateway.saysOnly(refused)
	if lines := gateway.saidSince(0, `msg="connect`); len(lines) != 1 {
		t.Errorf("%d lines about a refusal, want 1:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	if lines := gateway.saidSince(0, password); len(lines) > 0 {
		t.Errorf("the log holds the password:\n%s", strings.Join(lines, "\n"))
	}
}

// durationAfter returns the duration that follows key in a line.
func durationAfter(t *testing.T, line, key string) time.Duration {
	t.Helper()
	_, rest, _ := strings.Cut(line, key)
	text, _, _ := strings.Cut(rest, " ")
	d, err := time.ParseDuration(strings.TrimSuffix(text, ":"))
	if err != nil {
		t.Fatalf("no duration after %s in %q: %v", key, line, err)
	}
	return d
}
