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
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// TestSlowDevice sends commands while their device handles an earlier one for longer than a command may hold up the
// broker. The device handles all of them, in order, at each QoS.
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

var stormTime = flag.Duration("integration.storm", 0, "how long storms go on, of which there is one at least")

// TestStorm gives devices 20,000 retained messages at QoS 1 at the same time. Devices that handle messages at once
// refuse none of them, however small their mailboxes are, with either transport.
func TestStorm(t *testing.T) {
	const count = 20_000
	broker := startMosquitto(t)
	retain(t, broker.address, count)
	last := join(t, broker.address, "home////last/gw/S")
	draw := rand.New(rand.NewPCG(*killSeed, 2))
	devices, mailbox, transport := 1, 1000, "direct"
	for began, round := time.Now(), 0; round == 0 || time.Since(began) < *stormTime; round++ {
		config := fmt.Sprintf("gateway: {name: gw}\nmqtt: {qos: 1, transport: %s}\n"+
			"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"], retained_commands: true}\ndevices:\n", transport)
		for n := range devices {
			config += fmt.Sprintf("  - {name: p%d, type: puppet, reply: never, mailbox: %d}\n", n, mailbox)
		}
		gateway := start(t, t.TempDir(), plain(t), "run", "--config", write(t, t.TempDir(), "testgateway.yaml", config), "--mqtt.broker=tcp://"+broker.address)
		gateway.says("msg=subscribed")
		last.say(message{topic: "home////last/me/C", payload: "ON", qos: 1})
		for range devices {
			if _, ok := last.hear(3 * patience); !ok {
				t.Fatal("the message behind the storm never came")
			}
		}
		t.Logf("%d MB at most", gateway.staysSmall(mostMemory)/1e6)
		gateway.stop()
		if c := lastCounters(t, gateway); c["handled"] < devices*count || c["refused"] != 0 {
			t.Errorf("%d devices with %d places, %s: counted %v, want %d handled and none refused",
				devices, mailbox, transport, c, devices*count)
		}
		devices, mailbox, transport = 1+draw.IntN(4), 1+draw.IntN(1000), []string{"direct", "paho"}[draw.IntN(2)]
	}
}

// retain makes the broker keep count commands, each on a topic of its own.
func retain(t *testing.T, address string, count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	flying := make(chan struct{}, 256)
	session, err := direct.Dial(ctx, mqtt.Options{
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
	for range cap(flying) { // until all are acknowledged
		put()
	}
}

var slowTime = flag.Duration("integration.slow", 3*time.Second, "how long slow devices are on trial")

// TestSlowDevicesKilled kills a gateway with a spool again and again. Its devices are slow at times, so that the
// gateway has acknowledged commands that they have not handled. Each command that the broker has acknowledged must lead
// to a status, and none may be refused.
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
	t.Logf("%d MB at most", r.gateway().staysSmall(mostMemory)/1e6)
	result := r.finish()
	t.Logf("devices with hiccups of %v; %s", hiccup, r.told(result))
	if n := len(r.gateway().saidSince(0, "acknowledged early")); n == 0 {
		t.Error("nothing was acknowledged early, and so nothing was on trial")
	}
	r.nothingIsMissing(result)
}
