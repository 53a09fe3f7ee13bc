package integration

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// TestSlowDevice has commands come while a device works on the one before them for longer than any of them may wait for
// the others' sake. It does all of them, in order, whatever the QoS.
func TestSlowDevice(t *testing.T) {
	for _, row := range []struct {
		name  string
		count int
		every time.Duration
	}{
		{"20 commands, 10 ms apart", 20, 10 * time.Millisecond},
		{"25 at once", 25, 0},
	} {
		for qos := range byte(2) {
			t.Run(fmt.Sprintf("%s, QoS %d", row.name, qos), func(t *testing.T) {
				t.Parallel()
				broker := startMosquitto(t)
				gateway := start(t, t.TempDir(), "testgateway", "run", "--config", write(t, t.TempDir(), "testgateway.yaml", fmt.Sprintf(
					"gateway: {name: gw}\nmqtt: {qos: %d}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\n"+
						"devices: [{name: p, type: puppet}]\n", qos)), "--mqtt.broker=tcp://"+broker.address)
				gateway.says("msg=subscribed")
				u := join(t, broker.address, "home////p/gw/S")
				ask := func(payload string) {
					u.say(message{topic: "home////p/me/C", payload: payload, qos: qos})
				}
				ask(`{"action":"REST","for":"800ms"}`)
				tick := time.NewTicker(max(row.every, time.Nanosecond))
				defer tick.Stop()
				var want, got []string
				for n := range row.count {
					<-tick.C
					want = append(want, strconv.Itoa(n))
					ask(strconv.Itoa(n))
				}
				for range row.count {
					m, ok := u.hear(patience)
					if !ok {
						break
					}
					got = append(got, m.payload)
				}
				if !slices.Equal(got, want) {
					t.Errorf("the device did %q, want %q", got, want)
				}
				gateway.stop()
				gateway.saysOnly()
			})
		}
	}
}

// TestStorm has a device meet at once what a broker had kept for years: 20,000 retained messages at QoS 1. One that takes
// each as it comes refuses none.
func TestStorm(t *testing.T) {
	const count = 20_000
	broker := startMosquitto(t)
	retain(t, broker.address, count)
	gateway := start(t, t.TempDir(), plain(t), "run", "--config", write(t, t.TempDir(), "testgateway.yaml",
		"gateway: {name: gw}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"], retained_commands: true}\n"+
			"devices: [{name: p, type: puppet, reply: never}]\n"), "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	last := join(t, broker.address, "home////last/gw/S")
	last.say(message{topic: "home////last/me/C", payload: "ON", qos: 1})
	if _, ok := last.hear(3 * patience); !ok {
		t.Error("the message behind the storm never came")
	}
	gateway.stop()
	if c := lastCounters(t, gateway); c["handled"] < count || c["refused"] != 0 {
		t.Errorf("counted %v, want %d handled and none refused", c, count)
	}
}

// retain has the broker keep so many commands, each on a topic of its own.
func retain(t *testing.T, address string, count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	flying := make(chan struct{}, 256)
	session, err := mqtt.Dial(ctx, mqtt.Options{
		Broker: "tcp://" + address, CleanSession: true, KeepAlive: time.Minute,
		Published: func(uint64, error) { <-flying },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close(ctx)
	put := func() {
		select {
		case flying <- struct{}{}:
		case <-ctx.Done():
			t.Fatal("the broker does not take them")
		}
	}
	for n := range count {
		put()
		session.Publish(uint64(n), mqtt.Message{
			Topic: fmt.Sprintf("home////d%d/me/C", n), Payload: `{"action":"REST","for":"0s"}`, QoS: 1, Retained: true,
		})
		session.Flush()
	}
	for range cap(flying) { // until all are taken
		put()
	}
}

var slowTime = flag.Duration("integration.slow", 3*time.Second, "how long slow devices are on trial")

// TestSlowDevicesKilled kills, again and again, a gateway with a spool whose devices have hiccups, so that it has
// acknowledged commands that they have not handled. Each command that the broker has acknowledged must come out as a
// status, and none be refused.
func TestSlowDevicesKilled(t *testing.T) {
	broker := startMosquitto(t)
	draw := rand.New(rand.NewPCG(*killSeed, 1))
	hiccup := 150*time.Millisecond + time.Duration(draw.IntN(500))*time.Millisecond
	r := &relayTrial{ground: newGround(t, t.TempDir(), broker, broker.address, 4, work{hiccup: hiccup}, true)}
	r.startGateway()
	r.gateway().says("msg=subscribed")
	for began := time.Now(); time.Since(began) < *slowTime; {
		r.live(life{alive: draw.IntN(400), ahead: 30 + draw.IntN(300), dead: draw.IntN(50)})
		r.gateway().says("msg=subscribed")
	}
	r.flow(400, 100)
	result := r.finish()
	t.Logf("devices with hiccups of %v; %s", hiccup, r.told(result))
	if n := len(r.gateway().saidSince(0, "acknowledged early")); n == 0 {
		t.Error("nothing was acknowledged early, and so nothing was on trial")
	}
	r.nothingIsMissing(result)
}
