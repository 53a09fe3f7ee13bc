package integration

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var gauges = flag.Int("integration.retained", 1000, "how many devices have something retained at a broker that forgets it")

// keeps follows what a broker keeps below a root.
type keeps struct {
	*user
	now map[string]string // payloads by topic
}

// followRetained knows what a broker keeps at the moment, and follows it from now on.
func followRetained(t *testing.T, broker *mosquitto) *keeps {
	t.Helper()
	k := &keeps{join(t, broker.address, "home/#"), make(map[string]string)}
	k.mark(message{topic: "home/over", payload: "over", qos: 1}) // behind all that is retained, for what is at QoS 1 keeps its order
	k.become("at first", func(now map[string]string) bool { return now["home/over"] != "" })
	delete(k.now, "home/over")
	return k
}

// become waits until the broker keeps what is wanted, and returns how long that took since the first message came.
func (k *keeps) become(when string, wanted func(kept map[string]string) bool) (took time.Duration) {
	k.t.Helper()
	var first time.Time
	for deadline := time.Now().Add(2 * patience); !wanted(k.now); {
		heard, ended, more := k.heard.from(k.read)
		if len(heard) == 0 {
			select {
			case <-more:
			case <-time.After(time.Until(deadline)):
				ended = true
			}
		}
		if ended && len(heard) == 0 {
			k.t.Fatalf("%s: the broker keeps %d topics, such as %.2000q", when, len(k.now), slices.Sorted(maps.Keys(k.now)))
		}
		if len(heard) > 0 && first.IsZero() {
			first = time.Now()
		}
		for _, m := range heard {
			if m.payload == "" {
				delete(k.now, m.topic)
			} else if !strings.HasSuffix(m.topic, "/C") {
				k.now[m.topic] = m.payload
			}
		}
		k.read += len(heard)
	}
	if first.IsZero() {
		return 0
	}
	return time.Since(first)
}

// TestBrokerForgets restarts a broker that remembers nothing. It is told again within 5 s what 1,000 devices have left there,
// values, descriptions and retained statuses, and nothing that was cleared.
func TestBrokerForgets(t *testing.T) {
	for _, qos := range []int{0, 1} {
		broker := startMosquitto(t)
		dir := t.TempDir()
		var config strings.Builder
		fmt.Fprintf(&config, "gateway: {name: gw, state: state}\nmqtt: {qos: %d, reconnect: {min: 10ms, max: 100ms}}\n"+
			"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n", qos)
		want := map[string]string{"home/$gateway/gw/state": "online"}
		forgets := func(i int) bool { return i%10 == 0 }
		for i := range *gauges {
			name := fmt.Sprint("g", i)
			fmt.Fprintf(&config, "  - {name: %s, type: gauge, retain: true, reply: never, address: {device: %[1]s}}\n", name)
			below := "home/$gateway/gw/" + name + "/"
			want[below+"state"], want[below+"info"], want[below+"values"] = "online", "", fmt.Sprintf(`{"level":%d,"full":false}`, i)
			want["home////"+name+"/gw/S"] = fmt.Sprintf(`{"action":"STATE","level":%d,"full":false}`, i)
			if !forgets(i) {
				want["home/Note///"+name+"/gw/S"] = "NOTED"
			}
		}
		wanted := func(kept map[string]string) bool {
			return maps.EqualFunc(kept, want, func(is, want string) bool { return is == want || want == "" })
		}
		path := write(t, dir, "testgateway.yaml", config.String())
		gateway := start(t, dir, "testgateway", "run", "--config", path, "--mqtt.broker=tcp://"+broker.address)
		gateway.says("msg=subscribed")
		watch := followRetained(t, broker)
		for i := range *gauges {
			topic := fmt.Sprintf("home////g%d/me/C", i)
			watch.mark(message{topic: topic, payload: fmt.Sprintf(`{"action":"LEVEL","n":%d}`, i), qos: 1})
			if forgets(i) {
				watch.mark(message{topic: topic, payload: "FORGET", qos: 1})
			}
		}
		watch.become("at first", wanted)

		broker.kill()
		gateway.says("link lost")
		broker.start()
		watch = &keeps{join(t, broker.address, "home/#"), make(map[string]string)}
		took := watch.become("when the broker has forgotten everything", wanted)
		if got := followRetained(t, broker).now; !wanted(got) {
			t.Errorf("the broker keeps %d topics, want %d", len(got), len(want))
		}
		t.Logf("QoS %d: %d topics of %d devices were back after %v", qos, len(want), *gauges, took.Round(time.Millisecond))
		if took > 5*time.Second && !raced() {
			t.Errorf("it took %v, want 5 s at most", took)
		}
		gateway.stop()
	}
}

// noteMap is a map in which the function Note has this word.
func noteMap(word string) string {
	return `{"root": "home", "topics": ["home/+/+/+/+/+/C"], "function": {"maptype": "loose", "map": {"Note": ["` + word + `"]}}}`
}

const twoGauges = `
gateway: {name: gw, state: state}
mqtt: {qos: 1, reconnect: {min: 10ms, max: 100ms}}
mapping: {file: gw.map}
devices:
  - {name: a, type: gauge, reply: never}
  - {name: b, type: gauge, reply: never}
`

// TestRetainedTopicsGo changes the map and the devices of a gateway, while it runs and after it was killed: topics under which
// nobody says anything any more are cleared, and no others.
func TestRetainedTopicsGo(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	run := func() *program {
		t.Helper()
		p := start(t, dir, "testgateway", "run", "--config", filepath.Join(dir, "testgateway.yaml"), "--mqtt.broker=tcp://"+broker.address)
		p.says("msg=subscribed")
		return p
	}
	configure := func(config, noteWord string) {
		write(t, dir, "testgateway.yaml", config)
		write(t, dir, "gw.map", noteMap(noteWord))
	}
	wanted := func(when string, want ...string) { // below home/, without the values of devices and the gateway's state
		t.Helper()
		slices.Sort(want)
		k := followRetained(t, broker)
		k.become(when, func(kept map[string]string) bool {
			var got []string
			for topic := range kept {
				if topic = strings.TrimPrefix(topic, "home/"); topic != "$gateway/gw/state" {
					got = append(got, topic)
				}
			}
			slices.Sort(got)
			return slices.Equal(got, want)
		})
		k.leave()
	}
	of := func(device, noteWord string) []string {
		below := "$gateway/gw/" + device + "/"
		return []string{below + "state", below + "info", below + "values", "///" + device + "/gw/S", noteWord + "///" + device + "/gw/S"}
	}
	withoutB := strings.Replace(twoGauges, "  - {name: b, type: gauge, reply: never}\n", "", 1)

	configure(twoGauges, "note")
	gateway := run()
	wanted("at first", slices.Concat(of("a", "note"), of("b", "note"))...)
	configure(twoGauges, "notiz")
	gateway.signal(syscall.SIGHUP)
	wanted("with another word", slices.Concat(of("a", "notiz"), of("b", "notiz"))...)
	configure(withoutB, "notiz")
	gateway.signal(syscall.SIGHUP)
	wanted("without b", of("a", "notiz")...)
	configure(twoGauges, "notiz")
	gateway.signal(syscall.SIGHUP)
	wanted("with b again", slices.Concat(of("a", "notiz"), of("b", "notiz"))...)

	gateway.kill()
	configure(withoutB, "note")
	gateway = run()
	wanted("killed, and started with the first word and without b", of("a", "note")...)
	gateway.kill()
	configure(strings.Replace(withoutB, "name: a,", "name: a, address: {location: Attic},", 1), "note")
	gateway = run()
	moved := of("a", "note")
	moved[3] = "//Attic//gw/S"
	wanted("killed, and started with a elsewhere", moved...)
	gateway.stop()
	gateway.saysOnly()
	wanted("stopped", moved...)
}

// TestNothingBelowGateway has a gateway without availability: its devices' statuses are there, and nothing below $gateway.
func TestNothingBelowGateway(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	write(t, dir, "gw.map", noteMap("note"))
	path := write(t, dir, "testgateway.yaml", strings.Replace(twoGauges, "qos: 1,", "qos: 1, availability: false,", 1))
	watch := followRetained(t, broker)
	gateway := start(t, dir, "testgateway", "run", "--config", path, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")
	watch.become("running", func(kept map[string]string) bool { return len(kept) == 4 })
	gateway.stop()
	for topic := range followRetained(t, broker).now {
		if strings.Contains(topic, "$gateway") {
			t.Errorf("the broker keeps %s", topic)
		}
	}
	if heard, _, _ := watch.heard.from(0); slices.ContainsFunc(heard, func(m message) bool { return strings.Contains(m.topic, "$gateway") }) {
		t.Errorf("it has published below $gateway: %v", heard)
	}
}
