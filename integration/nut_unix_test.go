//go:build unix

package integration

import (
	"fmt"
	"net"
	"os"
	account "os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/loopback"
)

// nut is a server of Network UPS Tools, with a UPS that its driver dummy-ups plays.
type nut struct {
	t       *testing.T
	dir     string
	address string
	server  *program
}

func startNUT(t *testing.T) *nut {
	t.Helper()
	address, release, err := loopback.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	dir, err := os.MkdirTemp("", "nut") // the driver's socket has its path in it, which must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	host, port, _ := net.SplitHostPort(address)
	write(t, dir, "upsd.conf", "LISTEN "+host+" "+port+"\n")
	write(t, dir, "upsd.users", "[gateway]\n  password = confidential\n  actions = SET\n")
	write(t, dir, "ups.conf", "[ups]\n  driver = dummy-ups\n  port = ups.dev\n")
	write(t, dir, "ups.dev", "ups.status: OL\nbattery.charge: 98\nups.delay.shutdown: 20\n")
	n := &nut{t: t, dir: dir, address: address}
	n.run("dummy-ups", "-a", "ups", "-D")
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { // the driver tells nobody that it has begun
		if _, err := os.Stat(filepath.Join(dir, "dummy-ups-ups")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("dummy-ups makes no socket")
		}
	}
	n.start()
	return n
}

// run starts a program of NUT's where Debian keeps them.
func (n *nut) run(name string, args ...string) *program {
	n.t.Helper()
	path := filepath.Join("/lib/nut", name)
	if _, err := os.Stat(path); err != nil {
		n.t.Fatalf("please install nut-server: %v", err)
	}
	me, err := account.Current()
	if err != nil {
		n.t.Fatal(err)
	}
	places := []string{"NUT_CONFPATH=" + n.dir, "NUT_STATEPATH=" + n.dir, "NUT_ALTPIDPATH=" + n.dir}
	return startProgram(n.t, n.dir, path, places, append(args, "-u", me.Username)...)
}

// start starts the server, and waits until its driver has told it of the UPS.
func (n *nut) start() {
	n.t.Helper()
	n.server = n.run("upsd", "-D")
	n.server.says("Connected to UPS")
}

const upsOverTCP = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - name: ups                   # the line protocol of Network UPS Tools
    type: tcp
    retry: {min: 100ms, max: 300ms}
    reply: always
    params:
      address: ADDRESS
      frame: {end: "\n"}
      ask:
        - {send: USERNAME gateway}
        - {send: PASSWORD confidential}
        - {send: GET VAR ups ups.status, every: 500ms}
        - {send: GET VAR ups battery.charge, every: 500ms}
        - {send: GET VAR ups ups.delay.shutdown, every: 500ms}
      points:
        - {id: status, match: '^VAR ups ups\.status "(.*)"$', kind: text}
        - {id: charge, match: '^VAR ups battery\.charge "([\d.]+)"$', unit: "%", class: battery}
        - {id: delay, match: '^VAR ups ups\.delay\.shutdown "(\d+)"$', unit: s, min: 0, max: 600, step: 1, send: 'SET VAR ups ups.delay.shutdown {{.delay}}', answer: {match: '^OK$'}}
`

// TestNUT reads and sets a UPS by the line protocol of its server, and has the server go away and come back.
func TestNUT(t *testing.T) {
	t.Parallel()
	ups, broker, dir := startNUT(t), startMosquitto(t), t.TempDir()
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/gw/+/values")
	config := write(t, dir, "gateway.yaml", strings.Replace(upsOverTCP, "ADDRESS", fmt.Sprintf("%q", ups.address), 1))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	values := func(payload string) message {
		return message{topic: "home/$gateway/gw/ups/values", payload: payload, qos: 1}
	}
	answer := func(payload string) message {
		return message{topic: "home////ups/gw/S", payload: payload, qos: 1}
	}
	set := message{topic: "home////ups/me/C", payload: `{"action":"SET","delay":30}`, qos: 1}
	u.await("the UPS is read", values(`{"status":"OL","charge":98,"delay":20}`))
	u.say(set)
	u.await("its delay is set", values(`{"status":"OL","charge":98,"delay":30}`), answer(`{"action":"SET","response":"OK"}`))

	ups.server.kill()
	away := time.Now()
	u.await("the server is gone", values(`{"status":null,"charge":null,"delay":null}`))
	u.say(set)
	u.await("a command is answered", answer(`{"action":"SET","response":"ERROR","reason":"ups: device offline"}`))
	time.Sleep(time.Until(away.Add(*equipmentAway))) // how long equipment is away is what the test is about
	ups.start()
	u.await("the server is back", values(`{"status":"OL","charge":98,"delay":30}`))
	gateway.says(`msg="device online again" device=ups`)
	gone, back := gateway.saidSince(0, `msg="device failed" device=ups`), gateway.saidSince(0, `msg="device online again" device=ups`)
	if len(gone) != 1 || len(back) != 1 {
		t.Errorf("the server was gone once, and the log says\n  %s", strings.Join(append(gone, back...), "\n  "))
	}
	gateway.stop()
}
