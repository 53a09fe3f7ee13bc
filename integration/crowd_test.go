package integration

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

const (
	wellBehaved = 48 // devices, named p0 and so on
	outstanding = 64 // commands without an answer
)

// TestCrowd talks to 48 devices at the same time, first without, then with two more devices, one of which panics over
// every message, and the other blocks for ever. The 48 must lose no message, and the log must have few lines. With -v,
// the test prints how long answers took.
func TestCrowd(t *testing.T) {
	for qos := range byte(2) {
		t.Run(fmt.Sprintf("qos%d", qos), func(t *testing.T) {
			alone := runCrowd(t, qos)
			beside := runCrowd(t, qos, "PANIC", "STUCK")
			t.Logf("p99 %v of %d messages without the two, %v of %d with them: %.2f times as long",
				alone.p99, alone.count, beside.p99, beside.count, float64(beside.p99)/float64(alone.p99))
		})
	}
}

type crowdResult struct {
	count        int
	p99, longest time.Duration
}

// runCrowd sends numbered commands to the devices in turn, one for each answer, for the time of -integration.crowd. In
// each round, each bad device gets a command with its action in bad, and no answer is awaited.
func runCrowd(t *testing.T, qos byte, bad ...string) crowdResult {
	t.Helper()
	broker := startMosquitto(t)
	dir := t.TempDir()
	var config strings.Builder
	fmt.Fprintf(&config, "gateway: {name: gw, grace: 1s}\nmqtt: {qos: %d}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n", qos)
	for i := range wellBehaved + len(bad) {
		fmt.Fprintf(&config, "  - {name: p%[1]d, type: puppet, reply: never, answers_to: {device: [p%[1]d]}}\n", i)
	}
	gateway := start(t, dir, "testgateway", "run", "--config", write(t, dir, "testgateway.yaml", config.String()), "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	gateway.says("msg=subscribed")
	quiet := gateway.lines.len()

	began := time.Now()
	l := newLoop(t, broker.address, qos)
	for n := 0; time.Since(began) < *crowd; n++ {
		l.send(n%wellBehaved, n)
		for i, action := range bad {
			if n%wellBehaved == 0 {
				l.publish(fmt.Sprintf("home////p%d/me/C", wellBehaved+i), action)
			}
		}
	}
	result := l.finish()

	lines, _, _ := gateway.lines.from(quiet)
	if most := 20 * int(math.Ceil(time.Since(began).Minutes())); len(lines) > most {
		t.Errorf("QoS %d: %d lines of log, want 20 a minute at most:\n%s", qos, len(lines), strings.Join(lines, "\n"))
	}
	gateway.stop()
	if len(bad) == 0 {
		gateway.saysOnly()
		return result
	}
	for _, text := range []string{"device failed … device=p48 … told to", "devices did not close in time … p49"} {
		gateway.says(text) // otherwise the two devices were not as bad as they should have been
	}
	return result
}

// loop sends a command for each answer that comes.
type loop struct {
	t       testing.TB
	qos     byte
	session mqtt.Session
	free    chan struct{} // one token for each command that may be sent

	mu       sync.Mutex
	sent     []time.Time // when each command was sent, by number
	answered []bool
	took     []time.Duration
}

func newLoop(t testing.TB, address string, qos byte) *loop {
	t.Helper()
	l := &loop{t: t, qos: qos, free: make(chan struct{}, outstanding)}
	for range outstanding {
		l.free <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := direct.Dial(ctx, mqtt.Options{
		Broker: "tcp://" + address, CleanSession: true, KeepAlive: time.Minute, Arrived: l.arrived,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.session = session
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		session.Close(ctx)
	})
	if _, err := session.Subscribe(ctx, []mqtt.Filter{{Topic: "home/+/+/+/+/gw/S", QoS: qos}}); err != nil {
		t.Fatal(err)
	}
	return l
}

// send sends command n when a token is free.
func (l *loop) send(device, n int) {
	l.t.Helper()
	select {
	case <-l.free:
	case <-time.After(patience):
		l.t.Fatalf("QoS %d: lost %d of %d messages, and no answer comes any more", l.qos, outstanding, n)
	}
	l.mu.Lock()
	l.sent = append(l.sent, time.Now())
	l.answered = append(l.answered, false)
	l.mu.Unlock()
	l.publish(fmt.Sprintf("home////p%d/me/C", device), fmt.Sprintf(`{"action":"ECHO","n":%d}`, n))
}

func (l *loop) publish(topic, payload string) {
	l.session.Publish(0, mqtt.Message{Topic: topic, Payload: payload, QoS: l.qos})
	l.session.Flush()
}

// arrived is called by the session with each answer.
func (l *loop) arrived(m mqtt.Message) {
	m.Ack()
	now := time.Now()
	var n int
	if _, err := fmt.Sscanf(m.Payload, `{"action":"ECHO","n":%d}`, &n); err != nil {
		l.t.Errorf("answer %q: %v", m.Payload, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < len(l.answered) && !l.answered[n] { // at QoS 1 an answer may come twice
		l.answered[n] = true
		l.took = append(l.took, now.Sub(l.sent[n]))
		l.free <- struct{}{}
	}
}

// finish waits for the remaining answers.
func (l *loop) finish() crowdResult {
	l.t.Helper()
	lost := 0
	for range outstanding {
		select {
		case <-l.free:
		case <-time.After(patience):
			lost++
		}
		if lost > 0 {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if lost > 0 {
		l.t.Errorf("QoS %d: lost %d of %d messages", l.qos, len(l.sent)-len(l.took), len(l.sent))
	}
	slices.Sort(l.took)
	return crowdResult{len(l.sent), l.took[len(l.took)*99/100], l.took[len(l.took)-1]}
}
