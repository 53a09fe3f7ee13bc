package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
)

// TestFrozenBroker makes the broker, or a machine in between, accept and send nothing for a while with all connections
// open. The gateway must notice in time, stay small meanwhile, and come back.
func TestFrozenBroker(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name string
		make func(t *testing.T, broker *mosquitto) freezer
	}{
		{"stopped", stopping},
		{"zero window", stalling},
	} {
		for _, load := range []struct {
			name  string
			qos   byte
			every time.Duration // interval between statuses of that size; 0: none
			size  int
		}{
			{"idle", 0, 0, 0},
			{"publishing at QoS 0", 0, 2 * time.Millisecond, 32 << 10},
			{"publishing at QoS 1", 1, 2 * time.Millisecond, 32 << 10},
			{"publishing little", 1, 10 * time.Millisecond, 10},
		} {
			t.Run(way.name+", "+load.name, func(t *testing.T) {
				t.Parallel()
				broker := startMosquitto(t)
				freezer := way.make(t, broker)
				talk := ""
				if load.every > 0 {
					talk = fmt.Sprintf("  - {name: talker, type: chatterbox, answers_to: {device: [talker]}, params: {every: %v, size: %d}}\n", load.every, load.size)
				}
				testFrozen(t, broker, freezer, load.qos, talk)
			})
		}
	}
}

// freezer is an address for the broker, at which it can be frozen.
type freezer struct {
	address      string
	freeze, thaw func()
}

func stopping(t *testing.T, broker *mosquitto) freezer {
	tell := func(s syscall.Signal) {
		t.Helper()
		if err := broker.process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	return freezer{broker.address, func() { tell(pauseProcess) }, func() { tell(resumeProcess) }}
}

func stalling(t *testing.T, broker *mosquitto) freezer {
	proxy, err := faults.Listen("127.0.0.1:0", broker.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return freezer{proxy.Address(), func() { proxy.Inject(faults.Both, faults.Stall()) }, proxy.Heal}
}

func testFrozen(t *testing.T, broker *mosquitto, f freezer, qos byte, talker string) {
	const (
		keepAlive = 2 * time.Second
		notice    = keepAlive * 3 / 2
		lost      = `msg="link lost"`
	)
	dir := t.TempDir()
	config := write(t, dir, "testgateway.yaml", fmt.Sprintf("gateway: {name: gw, grace: 2s}\n"+
		"mqtt: {qos: %d, keepalive: %v, connect_timeout: 1s, lag: 100ms, reconnect: {min: 100ms, max: 500ms}}\n"+
		"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\n"+
		"log: {throttle: 200ms}\n"+ // so that each attempt is logged
		"devices:\n  - {name: p, type: puppet, reply: never, answers_to: {device: [p]}}\n", qos, keepAlive)+talker)
	gateway := start(t, dir, plain(t), "run", "--config", config, "--mqtt.broker=tcp://"+f.address)
	gateway.broker()
	question := message{topic: "home////p/me/C", payload: "ON", qos: qos}
	answer := message{topic: "home////p/gw/S", payload: "ON", qos: qos}
	join(t, broker.address, "home////p/gw/S").ask(patience, question, answer)

	f.freeze()
	began := time.Now()
	gateway.says(lost)
	noticed := time.Since(began)
	if most := notice + keepAlive; noticed > most { // a busy machine may take longer
		t.Errorf("noticed after %v, want %v at most", noticed, notice)
	}
	gateway.says("link failed again … within 1s") // how often the gateway tries
	f.thaw()
	began = time.Now()
	gateway.says(`msg="connected again"`)
	back := time.Since(began)
	join(t, broker.address, "home////p/gw/S").ask(patience, question, answer)
	peak := gateway.staysSmall(mostMemory)
	t.Logf("noticed after %.2f s, back after %.2f s, %d MB at most", noticed.Seconds(), back.Seconds(), peak/1e6)
	gateway.stop()
	foretold := []string{lost, "connect failed", "link failed again", "publications refused … outbox full"}
	if qos == 0 {
		foretold = append(foretold, "publications refused … connection lost") // those of which it isn't known whether they were written
	}
	gateway.saysOnly(foretold...)
}
