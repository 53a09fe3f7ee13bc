package integration

import (
	"flag"
	"fmt"
	"strings"
	"testing"
)

var hubRounds = flag.Int("integration.hub", 2, "how often a hub adds and removes 1,000 lamps")

// TestHub makes a hub add and remove 1,000 lamps again and again. Nothing of the lamps is left, in the gateway or at
// the broker, even if the gateway is killed while they exist.
func TestHub(t *testing.T) {
	const lamps = 1000
	buildFaultGateway(t)
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "faultgateway.yaml", `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices: [{name: hub, type: hub, reply: never, answers_to: {device: [hub]}}]
`)
	launch := func() *program {
		p := start(t, dir, "faultgateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
		p.says("msg=subscribed")
		return p
	}
	gateway := launch()
	states := join(t, broker.address, "home/$gateway/gw/+/state")
	await := func(what string, count int, is func(payload string) bool) {
		t.Helper()
		for left := count; left > 0; {
			m, ok := states.hearAny(patience)
			if !ok {
				t.Fatalf("%d of %d lamps are not %s", left, count, what)
			}
			if strings.Contains(m.topic, "/hub.lamp") && is(m.payload) {
				left--
			}
		}
	}
	online := func(payload string) bool { return payload == "online" }
	cleared := func(payload string) bool { return payload == "" }
	want := func(count int) {
		states.mark(message{topic: "home////hub/me/C", payload: fmt.Sprintf(`{"action":"LAMPS","n":%d}`, count), qos: 1})
	}

	var early, late footprint
	for round := 1; round <= *hubRounds; round++ {
		want(lamps)
		await("online", lamps, online)
		want(0)
		await("cleared", lamps, cleared)
		switch round {
		case (*hubRounds + 1) / 2:
			early = gateway.footprint()
		case *hubRounds:
			late = gateway.footprint()
		}
	}
	if late.grewFrom(early, *hubRounds) {
		t.Errorf("after %d rounds the gateway has %v, after half of them %v", *hubRounds, late, early)
	}
	t.Logf("after %d rounds %v, after half of them %v", *hubRounds, late, early)
	if n := gateway.goroutines(); n > 100 {
		t.Errorf("%d goroutines, want no more than 100", n)
	}

	gateway = launch()
	want(lamps)
	await("online", lamps, online)
	gateway.kill()
	gateway = launch()
	await("cleared", lamps, cleared)
	gateway.stop()
	left := join(t, broker.address, "home/$gateway/#")
	for range 2 { // the states of the hub and of the gateway
		m, ok := left.hearAny(patience)
		if !ok || strings.Contains(m.topic, "lamp") {
			t.Errorf("the broker keeps %v", m)
		}
	}
	left.mark(message{topic: "home/$gateway/over", payload: "over"})
	if m, ok := left.hearAny(patience); !ok || m.payload != "over" {
		t.Errorf("the broker keeps %v as well", m)
	}
}
