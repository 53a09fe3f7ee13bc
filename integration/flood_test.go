package integration

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

var flood = flag.Int("integration.flood", 100_000, "messages of a flood at QoS 0; at QoS 1, which the broker is slow at, a fifth")

const (
	beside      = 10                   // devices that other clients use meanwhile
	besideEvery = 5 * time.Millisecond // one command to one of these devices
	underWay    = 4096                 // messages of the flood between the test and the broker
)

// TestFlood sends a device that handles 100 messages a second as many as the broker accepts. The gateway must stay
// small, and must report each message that it refuses. With -v, the test prints how long the devices beside it took to
// answer.
//
// mosquitto uses one thread for messages in both directions, so that it accepts the flood no faster than it delivers
// it; and with max_queued_messages 0 it keeps what the gateway has not read yet. So next to nothing is lost on the way,
// at QoS 0 either. At QoS 1, messages that the device has not handled stay at the broker when the test ends.
func TestFlood(t *testing.T) {
	for qos, count := range []int{*flood, *flood / 5} {
		t.Run(fmt.Sprintf("qos%d", qos), func(t *testing.T) { testFlood(t, byte(qos), count) })
	}
}

func testFlood(t *testing.T, qos byte, count int) {
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := fmt.Sprintf("gateway: {name: gw}\nmqtt: {qos: %d}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n"+
		"  - {name: slow, type: puppet, reply: never, mailbox: 300, answers_to: {device: [slow]}}\n", qos)
	for i := range beside + 1 {
		config += fmt.Sprintf("  - {name: p%[1]d, type: puppet, reply: never, answers_to: {device: [p%[1]d]}}\n", i)
	}
	gateway := start(t, dir, plain(t), "run", "--config", write(t, dir, "testgateway.yaml", config), "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	gateway.says("msg=subscribed")

	others := newLoop(t, broker.address, qos)
	last := join(t, broker.address, fmt.Sprintf("home////p%d/gw/S", beside))
	began := time.Now()
	poured := pour(t, broker.address, count,
		mqtt.Message{Topic: "home////slow/me/C", Payload: `{"action":"REST","for":"10ms"}`, QoS: qos},
		// A number that loop does not use.
		mqtt.Message{Topic: fmt.Sprintf("home////p%d/me/C", beside), Payload: `{"action":"ECHO","n":1000000000}`, QoS: qos},
	)
	tick := time.NewTicker(besideEvery)
	defer tick.Stop()
	var overdue <-chan time.Time
	asked := 0
	for ; last.heard.len() == 0; asked++ {
		others.send(asked%beside, asked)
		select {
		case <-tick.C:
		case <-poured:
			poured, overdue = nil, time.After(time.Minute)
		case <-overdue:
			t.Fatal("the message behind the flood never came")
		}
	}
	took := time.Since(began)
	result := others.finish()
	peak := gateway.staysSmall(mostMemory)
	gateway.stop()

	c := lastCounters(t, gateway)
	received := c["arrived"] - asked - 1
	if received < count*9/10 {
		t.Errorf("%d of the flood's %d messages were received, want 90%% of them", received, count)
	}
	if told := c["handled"] + c["refused"] + c["failed"] + c["unmatched"]; told != c["arrived"] && qos == 0 {
		t.Errorf("%d messages arrived, and %d were handled or refused: %v", c["arrived"], told, c)
	}
	t.Logf("%d of %d messages received in %.1f s, %.0f/s; %v; beside it p99 %v of %d messages; %d MB at most",
		received, count, took.Seconds(), float64(count)/took.Seconds(), c, result.p99, result.count, peak/1e6)
}

// TestFloodOfLargeMessages fills the mailbox of a slow device in bytes, long before it is full in messages.
func TestFloodOfLargeMessages(t *testing.T) {
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "testgateway.yaml", "gateway: {name: gw, grace: 1s}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n"+
		"  - {name: slow, type: puppet, reply: never, answers_to: {device: [slow]}}\n"+
		"  - {name: p, type: puppet, reply: never, answers_to: {device: [p]}}\n")
	gateway := start(t, dir, plain(t), "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	gateway.says("msg=subscribed")
	last := join(t, broker.address, "home////p/gw/S")
	pour(t, broker.address, 300,
		mqtt.Message{Topic: "home////slow/me/C", Payload: `{"action":"REST","for":"10s","text":"` + strings.Repeat("x", 900_000) + `"}`},
		mqtt.Message{Topic: "home////p/me/C", Payload: "ON"},
	)
	if _, ok := last.hear(3 * patience); !ok {
		t.Error("the message behind the flood never came")
	}
	t.Logf("%d MB at most", gateway.staysSmall(mostMemory)/1e6)
	gateway.stop()
}

// pour publishes m count times, as fast as the broker accepts it, and then last. The channel is closed when the broker
// has accepted all of them.
func pour(t *testing.T, address string, count int, m, last mqtt.Message) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	free := make(chan struct{}, underWay)
	for range underWay {
		free <- struct{}{}
	}
	session, err := direct.Dial(ctx, mqtt.Options{
		Broker: "tcp://" + address, CleanSession: true, KeepAlive: time.Minute,
		Published: func(uint64, error) { free <- struct{}{} },
		Lost:      func(err error) { t.Errorf("the flood has ended: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		session.Close(ctx)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range count + 1 {
			select {
			case <-free:
			case <-t.Context().Done():
				return
			}
			if n == count {
				m = last
			}
			session.Publish(uint64(n), m)
			session.Flush()
		}
	}()
	return done
}

var counter = regexp.MustCompile(`messages\.(\w+)=(\d+)`)

// lastCounters returns the counters that a program has logged when it stopped.
func lastCounters(t *testing.T, p *program) map[string]int {
	t.Helper()
	counters := make(map[string]int)
	for _, found := range counter.FindAllStringSubmatch(p.says("msg=stopped"), -1) {
		counters[found[1]], _ = strconv.Atoi(found[2]) // only digits match
	}
	return counters
}
