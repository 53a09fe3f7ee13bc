package integration

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestFirstCommand does what README says first: it runs the program without a configuration, while the usual port is
// taken.
func TestFirstCommand(t *testing.T) {
	take(t, "127.0.0.1:1883")
	gateway := start(t, t.TempDir(), "gateway", "run")
	gateway.says(`msg="embedded broker takes another port" want=127.0.0.1:1883`)
	address := gateway.broker()
	host, port, _ := net.SplitHostPort(address)
	if port == "1883" || host != "127.0.0.1" {
		t.Errorf("the embedded broker is at %s, want another port of 127.0.0.1 than 1883", address)
	}
	user := join(t, address, "#")

	// The program prints the two commands to try next.
	gateway.says("mosquitto_sub -h 127.0.0.1 -p " + port + " -v -t 'testmqttgtw/#'")
	line := gateway.says("mosquitto_pub -h 127.0.0.1 -p " + port)
	words := strings.Fields(strings.ReplaceAll(line, "'", ""))
	user.say(message{topic: words[len(words)-3], payload: words[len(words)-1]})
	gateway.says(`msg="message received" … Lighting … Dummy … Kitchen … LIGHT_ON`)

	// No filter matches this message.
	user.say(message{topic: "testmqttgtw/lighting//kitchen/spot/me/C", payload: "light_off"})

	for _, want := range []message{
		{topic: "testmqttgtw/lighting/dummy/kitchen/spot/dummy2mqtt/S", payload: `{"action":"light_on","response":"OK"}`},
		{topic: "testmqttgtw/dummyfunction//office//dummy2mqtt/C", payload: "mute_on"},
	} {
		if m, ok := user.hear(patience); !ok || m != want {
			t.Errorf("heard %v, want %v", m, want)
		}
	}
	gateway.stop()
	gateway.saysOnly()
	if lines := gateway.saidSince(0, "LIGHT_OFF"); len(lines) > 0 {
		t.Errorf("a message arrived that no subscription matches:\n%s", strings.Join(lines, "\n"))
	}
}

// take makes sure that a port is taken until the test ends. Another process that holds it for long, such as the
// system's own broker, will do; take waits for one that holds it for a moment.
func take(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); <-tick.C {
		if ln, err := net.Listen("tcp", address); err == nil {
			t.Cleanup(func() { ln.Close() })
			return
		}
	}
}
