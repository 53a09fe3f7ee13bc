package integration

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// snmpd is a real SNMP agent on a free port of 127.0.0.1. It ends with its test.
type snmpd struct {
	t       *testing.T
	address string
	dir     string
	process *os.Process
	ended   chan struct{}
}

// The objects of the agent that a test may set, and may not.
const (
	relayOID = "1.3.6.1.4.1.99999.2.0"
	loadOID  = "1.3.6.1.4.1.99999.1.0"
)

// startSNMPD starts an agent, with more lines of its configuration.
func startSNMPD(t *testing.T, more ...string) *snmpd {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &snmpd{t: t, address: conn.LocalAddr().String(), dir: t.TempDir()}
	conn.Close()
	write(t, s.dir, "snmpd.conf", strings.Join(append(more,
		"agentaddress udp:"+s.address,
		"rwcommunity hidden 127.0.0.1",
		`createUser monitor SHA-256 "authentic" AES "encrypted"`,
		"rwuser monitor priv",
		"syslocation rack",
		"override "+loadOID+" integer 215",
		"override -rw "+relayOID+" integer 2",
	), "\n")+"\n")
	s.start()
	t.Cleanup(func() { s.kill() })
	return s
}

// start starts the agent at its address.
func (s *snmpd) start() {
	s.t.Helper()
	path, err := exec.LookPath("snmpd")
	if err != nil {
		s.t.Fatalf("these tests need snmpd, which is not on PATH (apt-get install snmpd): %v", err)
	}
	cmd := exec.Command(path, "-f", "-C", "-c", filepath.Join(s.dir, "snmpd.conf"), "--persistentDir="+filepath.Join(s.dir, "kept"), "-m", "", "-Lo", "-r")
	cmd.Env = append(os.Environ(), "MIBS=")
	said, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	mortal(cmd)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	s.process, s.ended = cmd.Process, ended
	go func() {
		defer close(ended)
		first := make([]byte, 1) // it says its version when it listens
		_, err := said.Read(first)
		if err == nil {
			close(ready)
		}
		_, _ = io.Copy(io.Discard, said)
		_ = cmd.Wait()
	}()
	select {
	case <-ready:
	case <-ended:
		s.t.Fatal("snmpd has ended at once")
	case <-time.After(patience):
		s.t.Fatal("snmpd says nothing")
	}
}

// kill ends the agent, which forgets what was set.
func (s *snmpd) kill() {
	_ = s.process.Kill()
	<-s.ended
}

// TestSNMP reads and sets a real agent by both versions, has it fall silent for a while, and die and come back.
func TestSNMP(t *testing.T) {
	t.Parallel()
	broker, agent := startMosquitto(t), startSNMPD(t)
	dir := t.TempDir()
	write(t, dir, "community", "hidden\n")
	write(t, dir, "auth", "authentic\n")
	write(t, dir, "priv", "encrypted\n")
	points := fmt.Sprintf(`every: 200ms, timeout: 200ms, retries: 0, points: [
        {id: load, oid: %s, scale: 0.1, unit: "%%", write: {type: integer}},
        {id: relay, oid: %s, kind: bool, write: {type: integer, verify: true}},
        {id: place, oid: 1.3.6.1.2.1.1.6.0, kind: text}, {id: nothing, oid: 1.3.6.1.4.1.99999.3.0}]`, loadOID, relayOID)
	config := write(t, dir, "gateway.yaml", fmt.Sprintf(`
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: plain, type: snmp, retry: {min: 100ms, max: 200ms}, params: {target: "%[1]s", community_file: %[2]q, %[3]s}}
  - {name: safe, type: snmp, retry: {min: 100ms, max: 200ms}, params: {target: "%[1]s", version: 3, user: monitor, auth: {password_file: %[4]q}, priv: {password_file: %[5]q}, %[3]s}}
  - {name: stranger, type: snmp, params: {target: "%[1]s", %[3]s}}
  - {name: liar, type: snmp, params: {target: "%[1]s", version: 3, user: monitor, auth: {password: wrong-word}, %[3]s}}
`, agent.address, filepath.Join(dir, "community"), points, filepath.Join(dir, "auth"), filepath.Join(dir, "priv")))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	gateway.says("device=stranger … no answer from … an agent says nothing either if the community is wrong")
	gateway.says("device=liar … refuses the user")

	values := func(device, relay string) message {
		return message{topic: "home/$gateway/gw/" + device + "/values", qos: 1,
			payload: `{"load":21.5,"relay":` + relay + `,"place":"rack","nothing":null}`}
	}
	const unknown = `{"load":null,"relay":null,"place":null,"nothing":null}`
	kept := func(m message) message { m.retained = true; return m }
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	u.awaitKept("at the beginning", values("plain", "false"), values("safe", "false"))
	u.say(message{topic: "home////safe/me/C", payload: `{"action":"SET","relay":true}`, qos: 1})
	u.await("a relay is switched", values("safe", "true"), values("plain", "true"),
		message{topic: "home////safe/gw/S", payload: `{"action":"SET","response":"OK"}`, qos: 1})
	u.say(message{topic: "home/$gateway/gw/plain/set/load", payload: "30"})
	u.await("what can't be set", message{topic: "home/$gateway/gw/plain/answer", qos: 1,
		payload: `{"entity":"load","response":"REJECTED","reason":"load: the agent answers notWritable"}`})

	signal := func(s os.Signal) func() {
		return func() {
			if err := agent.process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, outage := range []struct {
		how         string
		leave, back func()
		relay       string // afterwards
	}{
		{"silent", signal(pauseProcess), signal(resumeProcess), "true"},
		{"killed", agent.kill, agent.start, "false"},
	} {
		began := gateway.lines.len()
		outage.leave()
		for untold := map[string]bool{"plain/state": true, "plain/values": true, "safe/state": true, "safe/values": true}; len(untold) > 0; {
			m, ok := u.hearAny(patience)
			if !ok {
				t.Fatalf("%s: nobody is told by %v", outage.how, untold)
			}
			if m.payload == unknown || strings.HasPrefix(m.payload, "offline: ") {
				delete(untold, strings.TrimPrefix(m.topic, "home/$gateway/gw/"))
			}
		}
		for last := time.Now().Add(*equipmentAway); time.Now().Before(last); {
			for _, device := range []string{"plain", "safe"} {
				u.refused(device, `{"action":"SET","relay":true}`)
			}
			u.hear(100 * time.Millisecond)
		}
		outage.back()
		u.await(outage.how+" and back", values("plain", outage.relay), values("safe", outage.relay))
		for _, device := range []string{"plain", "safe"} {
			for _, line := range []string{"level=WARN … device=", "device online again … device="} {
				line += device + " "
				if i == 0 { // an outage soon after another one for the same reason is in the sums of the log
					if _, _, ok := gateway.lines.find(began, patience, pattern(line).MatchString); !ok {
						t.Fatalf("%s: the log lacks %q", outage.how, line)
					}
				}
				if lines := gateway.saidSince(began, line); len(lines) > 1 {
					t.Errorf("%s: %s was away once, and the log says\n  %s", outage.how, device, strings.Join(lines, "\n  "))
				}
			}
		}
	}
	u.say(message{topic: "home////plain/me/C", payload: `{"action":"SET","relay":true}`, qos: 1})
	u.await("when it is back", values("plain", "true"), message{topic: "home////plain/gw/S", payload: `{"action":"SET","response":"OK"}`, qos: 1})
	join(t, broker.address, "home/#").await("who comes later", kept(values("plain", "true")))
	gateway.stop()
}

// refused sends a command to a device that is away, and waits for its answer.
func (u *user) refused(device, payload string) {
	u.t.Helper()
	u.say(message{topic: "home////" + device + "/me/C", payload: payload, qos: 1})
	for {
		m, ok := u.hear(patience)
		if !ok {
			u.t.Fatalf("a command to %s, which is away, is not answered", device)
		}
		if m.topic == "home////"+device+"/gw/S" && strings.Contains(m.payload, `"response":"ERROR"`) {
			return
		}
	}
}
