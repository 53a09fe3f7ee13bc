package integration

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// embeddedAddress waits until the program is connected to its embedded broker, and returns the broker's address,
// whatever the format of the log.
func embeddedAddress(t testing.TB, p *program) string {
	t.Helper()
	line := p.says("connected…tcp://")
	address := regexp.MustCompile(`tcp://([0-9.]+:[0-9]+)`).FindStringSubmatch(line)
	if address == nil {
		t.Fatalf("no broker's address in %q", line)
	}
	return address[1]
}

// TestUsers checks that the embedded broker accepts its users, the gateway and nobody else, on an address that is not
// loopback.
func TestUsers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "users", "me:correct-horse\n")
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml",
		"mqtt: {broker: embedded}\nembedded: {address: '0.0.0.0:0', users_file: users}"+echoing))
	address := gateway.broker()
	gateway.says("msg=subscribed")
	host, port, _ := strings.Cut(address, ":")
	const refused = `level=WARN msg="embedded broker refused a login" user= … remote=127.0.0.1:`
	for _, as := range [][]string{nil, {"-u", "me"}, {"-u", "me", "-P", "wrong-horse"}, {"-u", "gateway", "-P", "correct-horse"}} {
		args := append([]string{"-h", host, "-p", port, "-t", question.topic, "-m", question.payload}, as...)
		if said, err := exec.Command("mosquitto_pub", args...).CombinedOutput(); err == nil || !strings.Contains(string(said), "not authorised") {
			t.Errorf("mosquitto_pub %q: %v, want it refused: %s", as, err, said)
		}
	}
	gateway.says(refused)

	heard := make(chan string, 10)
	me, err := direct.Dial(t.Context(), mqtt.Options{
		Broker: "tcp://" + address, ClientID: "me", Username: "me", Password: "correct-horse", CleanSession: true,
		Arrived: func(m mqtt.Message) { m.Ack(); heard <- m.Topic + " " + m.Payload },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer me.Close(t.Context())
	if _, err := me.Subscribe(t.Context(), []mqtt.Filter{{Topic: "home/+/+/+/+/gw/#"}}); err != nil {
		t.Fatal(err)
	}
	me.Publish(0, mqtt.Message{Topic: question.topic, Payload: question.payload})
	me.Flush()
	if got := <-heard; got != answer.topic+" "+answer.payload {
		t.Errorf("heard %q, want %v", got, answer)
	}
	gateway.stop()
	gateway.saysOnly(refused, `level=WARN msg="embedded broker refused more logins" more=3`)
	if lines := gateway.saidSince(0, "horse"); len(lines) > 0 {
		t.Errorf("the log holds a password:\n%s", strings.Join(lines, "\n"))
	}
}
