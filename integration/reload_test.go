package integration

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const reloadable = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {file: gw.map}
devices:
  - {name: spot, type: dummy, params: {port: none, interval: 0, echo: true}}
`

// worded returns a map file with one filter for each function, in which word stands for the internal LIGHT_ON.
func worded(root, word string, functions ...string) string {
	var topics []string
	for _, function := range functions {
		topics = append(topics, `"`+root+"/"+function+`/#"`)
	}
	return `{"root": "` + root + `", "topics": [` + strings.Join(topics, ", ") + `],
  "function": {"maptype": "none"}, "gateway": {"maptype": "none"}, "location": {"maptype": "none"}, "device": {"maptype": "none"},
  "sender": {"maptype": "none"}, "action": {"maptype": "strict", "map": {"LIGHT_ON": ["` + word + `"]}},
  "argkey": {"maptype": "none"}, "argvalue": {"maptype": "none"}}`
}

// tell returns a command to a function, and echo the dummy's status about it.
func tell(function, word string) message {
	return message{topic: "home/" + function + "////me/C", payload: word, qos: 1}
}

func echo(function, word string) message {
	return message{topic: "home/" + function + "////gw/S", payload: word, qos: 1}
}

// listens joins a user who hears messages, but not the gateway's states.
func listens(t *testing.T, broker *mosquitto) *user {
	return join(t, broker.address, "home/+/+/+/+/+/+")
}

func TestReload(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	write(t, dir, "gw.map", worded("home", "on", "old", "both"))
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", reloadable), "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	gateway.says("msg=subscribed topic=home/both/#")
	u := listens(t, broker)
	u.ask(patience, tell("old", "on"), echo("old", "on"))

	// A faulty map is refused with all its faults, and nothing changes.
	write(t, dir, "gw.map", `{"root": "home/+", "topics": ["home/#/x"]}`)
	gateway.signal(syscall.SIGHUP)
	gateway.says("level=ERROR msg=\"configuration refused, what was in force stays\" … /root: …")
	gateway.says("level=ERROR msg=\"configuration refused, what was in force stays\" … /topics/0: …")
	u.ask(patience, tell("old", "on"), echo("old", "on"))

	// So is a map with another root.
	write(t, dir, "gw.map", worded("house", "on", "old"))
	gateway.signal(syscall.SIGHUP)
	gateway.says("level=ERROR … root \"house\" instead of \"home\": another root needs a restart")
	u.ask(patience, tell("old", "on"), echo("old", "on"))

	// Another map, another level, and an option that needs a restart:
	write(t, dir, "gw.map", worded("home", "an", "new", "both"))
	write(t, dir, "gateway.yaml", strings.Replace(reloadable, "qos: 1", "qos: 1, keepalive: 30s", 1)+"log: {level: debug}\n")
	gateway.signal(syscall.SIGHUP)
	gateway.says("level=INFO msg=\"configuration read again\" map=\"[topics action]\" options=[log.level] restart_needed_for=[mqtt.keepalive] took=…")
	gateway.says("msg=subscribed topic=home/new/#")
	gateway.says("msg=unsubscribed topic=home/old/#")
	u.say(tell("old", "an"))
	u.ask(patience, tell("new", "an"), echo("new", "an"))
	u.ask(patience, tell("both", "an"), echo("both", "an"))
	gateway.says("level=DEBUG msg=\"message in\" topic=home/both////me/C")
	gateway.stop()
	gateway.saysOnly("configuration refused")
	if again := gateway.saidSince(0, "msg=connected"); len(again) != 1 {
		t.Errorf("connected more than once: %q", again)
	}
}

// TestReloadOfAKeptSession kills the gateway, and starts it with another map, and then with another root. The
// persistent session contains no filter of earlier maps.
func TestReloadOfAKeptSession(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", strings.Replace(reloadable, "qos: 1", "qos: 1, clean_session: false", 1))
	run := func(file string) *program {
		t.Helper()
		write(t, dir, "gw.map", file)
		p := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")
		p.says("msg=connected ")
		return p
	}
	gateway := run(worded("home", "on", "first", "second"))
	u := listens(t, broker)
	once := tell("first", "on")
	once.qos = 0 // otherwise the broker might send it again
	u.ask(patience, once, echo("first", "on"))
	gateway.signal(syscall.SIGKILL)
	gateway.exit()

	gateway = run(worded("home", "on", "second"))
	gateway.says("msg=unsubscribed topic=home/first/#")
	u.say(tell("first", "on"))
	u.ask(patience, tell("second", "on"), echo("second", "on"))
	if heard := gateway.saidSince(0, "msg=\"message in\" topic=home/first////me/C"); len(heard) != 0 {
		t.Errorf("the broker still sends what the first map wanted: %q", heard)
	}

	write(t, dir, "gw.map", worded("home", "on", "third"))
	gateway.signal(syscall.SIGHUP)
	gateway.says("msg=unsubscribed topic=home/second/#")
	gateway.signal(syscall.SIGKILL)
	gateway.exit()

	gateway = run(worded("house", "on", "third"))
	gateway.says("msg=unsubscribed topic=home/third/#")
	gateway.stop()
	gateway.saysOnly()
}

func TestHealth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", echoing+"mqtt: {broker: embedded}\nembedded: {address: \""+freeAddress(t)+"\"}\nhealth: {socket: h.sock}\n")
	ask := func() (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(programs, "gateway"), "health", "--config", config)
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	if said, err := ask(); err == nil {
		t.Errorf("nobody runs, and health says %s", said)
	}
	gateway := start(t, dir, "gateway", "run", "--config", config)
	gateway.broker()
	const want = `"link":"connected","devices":{"online":1,"opening":0,"down":0}}`
	if said, err := ask(); err != nil || !strings.Contains(said, want) {
		t.Errorf("health says %s, %v, want %s", said, err, want)
	}
	gateway.signal(pauseProcess)
	if said, err := ask(); err == nil || !strings.Contains(said, "time is up after 1.5s") {
		t.Errorf("of one that has been stopped health says %s, %v", said, err)
	}
	gateway.signal(resumeProcess)
	gateway.stop()
	gateway.saysOnly()
}
