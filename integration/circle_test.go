package integration

import (
	"fmt"
	"testing"
	"time"
)

// TestCircle has two devices of a gateway toss a command to each other without end. It ends nevertheless, is told of once, and the
// gateway is as it was.
func TestCircle(t *testing.T) {
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := "gateway: {name: gw}\nmapping: {root: home, topics: [\"home/#\"]}\ndevices:\n"
	for _, name := range []string{"a", "b"} {
		config += fmt.Sprintf("  - {name: %[1]s, type: puppet, reply: never, answers_to: {device: [%[1]s]}}\n", name)
	}
	gateway := start(t, dir, plain(t), "run", "--config", write(t, dir, "testgateway.yaml", config), "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	gateway.says("msg=subscribed")
	began := time.Now()
	join(t, broker.address).say(message{topic: "home////a/me/C", payload: `{"action":"TOSS","to":"b"}`})
	gateway.says(`level=WARN msg="messages to other devices refused" … circle`)
	seconds := int(time.Since(began).Seconds()) + 2 // that it was under way in
	u := join(t, broker.address, "home/+/+/+/+/gw/S")
	u.ask(patience, message{topic: "home////a/me/C", payload: "ON"}, message{topic: "home////a/gw/S", payload: "ON"})
	gateway.stop()
	c := lastCounters(t, gateway)
	if n := c["emitted"]; n < 1000 || n > 2000*seconds+10 {
		t.Errorf("%d messages were emitted in %d seconds, want from 1,000 to 2,000 in each", n, seconds)
	}
	if c["handled"] != c["emitted"] {
		t.Errorf("%d messages were handled, want as many as were emitted, %d", c["handled"], c["emitted"])
	}
	if lines := gateway.saidSince(0, "circle"); len(lines) != 1 {
		t.Errorf("the circle was told of %d times, want once: %q", len(lines), lines)
	}
}
