package integration

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	unrulySeed = flag.Uint64("unruly.seed", 1, "what clients of the embedded broker are up to is drawn from it")
	unrulyTime = flag.Duration("unruly.time", 4*time.Second, "how long they are up to it")
)

const (
	unrulyAtOnce  = 24                   // clients that misbehave at the same time
	unrulyDevices = 8                    // devices that get commands meanwhile
	unrulyEvery   = 2 * time.Millisecond // one command to one of these devices
	unrulyFor     = 10 * time.Second     // twice as long as the broker waits for a client that has stopped reading
	longestWait   = patience             // for an answer: the gateway's time-outs are as long
	unrulyMemory  = 300e6                // maximum in RAM, in bytes, unless the limits let the broker hold much
)

// TestUnrulyClients sends commands to devices through the embedded broker, whose limits are drawn at random, while
// other clients do there what no client should. No command may be lost or take long, and the gateway may neither lose
// its link nor grow without end.
func TestUnrulyClients(t *testing.T) {
	seed := *unrulySeed
	random := rand.New(rand.NewPCG(seed, 0))
	qos := byte(random.IntN(2))
	clients, silent, sessions, session := 10+random.IntN(60), 5+random.IntN(100), 5+random.IntN(60), 10+random.IntN(1000)
	subscriptions, retained, retainedSize, levels, queues := 100+random.IntN(5000), 50+random.IntN(2000), 1+random.IntN(8), 8+random.IntN(20), 4+random.IntN(28)
	limits := fmt.Sprintf("max_clients: %d, max_silent: %d, max_sessions: %d, max_session_size: %dKB, max_subscriptions: %d, max_retained: %d, max_retained_size: %dMB, max_levels: %d, max_queue_size: %dMB",
		clients, silent, sessions, session, subscriptions, retained, retainedSize, levels, queues)
	t.Logf("QoS %d, %s", qos, limits)

	dir := t.TempDir()
	config := fmt.Sprintf("gateway: {name: gw}\nmqtt: {qos: %d}\nembedded: {address: \"127.0.0.1:0\", %s}\n", qos, limits) +
		"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n"
	for i := range unrulyDevices {
		config += fmt.Sprintf("  - {name: p%[1]d, type: puppet, answers_to: {device: [p%[1]d]}}\n", i)
	}
	gateway := start(t, dir, plain(t), "run", "--config", write(t, dir, "testgateway.yaml", config), "--mqtt.broker=embedded")
	address := gateway.broker()
	gateway.says("msg=subscribed")
	talk := newLoop(t, address, qos)

	ctx, cancel := context.WithTimeout(t.Context(), *unrulyTime)
	defer cancel()
	var crowd sync.WaitGroup
	came := make(map[string]int)
	crowd.Go(func() { // came belongs to this goroutine until the crowd has gone
		places := make(chan struct{}, unrulyAtOnce)
		var all sync.WaitGroup
		defer all.Wait()
		for n := uint64(1); ; n++ {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return
			}
			kind := unrulyKinds[random.IntN(len(unrulyKinds))]
			came[kind.name]++
			all.Go(func() {
				defer func() { <-places }()
				ctx, cancel := context.WithTimeout(ctx, unrulyFor)
				defer cancel()
				kind.do(&unruly{ctx: ctx, address: address, random: rand.New(rand.NewPCG(seed, n))})
			})
		}
	})
	tick := time.NewTicker(unrulyEvery)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		talk.send(n%unrulyDevices, n)
		<-tick.C
	}
	crowd.Wait()
	result := talk.finish()
	if result.longest > longestWait {
		t.Errorf("an answer took %v", result.longest)
	}

	// A client that comes now finds the gateway online, and gets an answer, too.
	if m, ok := join(t, address, "home/$gateway/gw/state").hearAny(patience); !ok || m.payload != "online" {
		t.Errorf("the gateway's state is %v, want online", m)
	}
	join(t, address, "home/+/+/+/+/gw/S").ask(patience, message{topic: "home////p0/me/C", payload: `{"action":"ECHO","n":1}`},
		message{topic: "home////p0/gw/S", payload: `{"action":"ECHO","n":1}`, qos: qos})
	// What the limits let the broker hold, for clients that are here as for those that are away, is in memory twice
	// before garbage is collected, and while it is passed on.
	held := queues*1e6 + retainedSize*1e6 + (clients+sessions)*session*1e3
	peak := gateway.staysSmall(max(unrulyMemory, 150e6+4*held))
	gateway.stop()
	gateway.saysOnly(`msg="embedded broker`)
	lines, _, _ := gateway.lines.from(0)
	if n := len(slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, "msg=connected") })); n != 1 {
		t.Errorf("the gateway has connected %d times, want once", n)
	}
	t.Logf("%d commands, p99 %v, longest %v; up to %d MB; %v", result.count, result.p99, result.longest, peak/1e6, came)
}
