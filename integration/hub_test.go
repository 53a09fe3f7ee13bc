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
}

var hubKills = flag.Int("integration.hubkills", 6, "how often a gateway is killed while its hub adds and removes lamps")

// TestHubKilled kills the gateway while a hub adds lamps, and while it removes them. After the next start no retained topic of a
// lamp that is no more is left, of any kind: the hub knows of none then.
func TestHubKilled(t *testing.T) {
	t.Parallel()
	const lamps = 100
	buildFaultGateway(t)
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "faultgateway.yaml", `
gateway: {name: gw, state: state}
mqtt: {qos: 1, reconnect: {min: 10ms, max: 100ms}}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices: [{name: hub, type: hub, reply: never, answers_to: {device: [hub]}}]
`)
	ofLamps := func(kept map[string]string) (n int) {
		for topic := range kept {
			if strings.Contains(topic, "hub.lamp") {
				n++
			}
		}
		return n
	}
	const each = 5 // state, info, values, its STATE and a note
	most := 0
	for round := range *hubKills {
		gateway := start(t, dir, "faultgateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
		gateway.says("msg=subscribed")
		watch := followRetained(t, broker)
		watch.become("after a start", func(kept map[string]string) bool { return ofLamps(kept) == 0 })
		want := func(count int) {
			watch.mark(message{topic: "home////hub/me/C", payload: fmt.Sprintf(`{"action":"LAMPS","n":%d}`, count), qos: 1})
		}
		part := 1 + each*lamps*round / *hubKills
		want(lamps)
		if round%2 == 0 {
			watch.become("while lamps come", func(kept map[string]string) bool { return ofLamps(kept) >= part })
		} else {
			watch.become("with lamps", func(kept map[string]string) bool { return ofLamps(kept) == each*lamps })
			want(lamps / 2)
			want(0)
			watch.become("while lamps go", func(kept map[string]string) bool { return ofLamps(kept) <= part })
		}
		gateway.kill()
		watch.leave()
		left := followRetained(t, broker)
		most = max(most, ofLamps(left.now))
		left.leave()
	}
	if most == 0 {
		t.Error("nothing of the lamps was there when the gateway was killed")
	}
	gateway := start(t, dir, "faultgateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	followRetained(t, broker).become("in the end", func(kept map[string]string) bool { return ofLamps(kept) == 0 })
	gateway.stop()
	gateway.saysOnly()
	if n := ofLamps(followRetained(t, broker).now); n != 0 {
		t.Errorf("the broker keeps %d topics of lamps", n)
	}
	t.Logf("up to %d topics of lamps were there when the gateway was killed", most)
}
