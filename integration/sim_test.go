package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const played = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: silent, type: sim, retry: {min: 50ms, max: 100ms}, params: {every: 50ms, points: [{id: level, write: true, start: 7}], fail: {every: 4s, for: 2s, how: silent}}}
  - {name: wrong, type: sim, params: {every: 50ms, points: [{id: level, write: true, start: 7}], fail: {every: 4s, for: 2s, how: wrong}}}
  - {name: tape, type: sim, params: {replay: %q, speed: 100, frame: {end: "\r"}, points: [{id: power, match: '^P=(\d+)$', unit: W, class: power}]}}
`

// TestSim has simulated equipment fail and come back, and a recording played.
func TestSim(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	recording := write(t, dir, "meter.jsonl", `{"t":0,"at":"2026-11-29T12:00:00Z"}
{"t":10,"in":"P=1"}
{"t":10.5,"in":"00\r"}
{"t":40,"in":"P=200\r"}
`)
	config := write(t, dir, "gateway.yaml", fmt.Sprintf(played, recording))
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	values := func(device, id, value string) message {
		return message{topic: "home/$gateway/gw/" + device + "/values", payload: `{"` + id + `":` + value + `}`, qos: 1}
	}
	u.await("the recording is played, again and again", values("tape", "power", "100"), values("tape", "power", "200"),
		values("tape", "power", "100"), values("tape", "power", "200"))

	// It fails for half of the time: commands are sent until one is answered as is expected.
	until := func(device, response string) {
		t.Helper()
		for range 100 {
			u.say(message{topic: "home////" + device + "/me/C", payload: `{"action":"SET","level":8}`, qos: 1})
			for {
				m, ok := u.hear(patience)
				if !ok {
					t.Fatalf("a command to %s is not answered", device)
				}
				if m.topic == "home////"+device+"/gw/S" && strings.Contains(m.payload, `"response":`) {
					if strings.Contains(m.payload, response) {
						return
					}
					break
				}
			}
			<-time.After(100 * time.Millisecond)
		}
		t.Fatalf("%s never answers %s", device, response)
	}
	until("silent", `"response":"ERROR","reason":"silent: device offline"`)
	until("wrong", `"response":"REJECTED"`)
	u.await("unknown", values("silent", "level", "null"), values("wrong", "level", "null"))
	until("silent", `"response":"OK"`)
	until("wrong", `"response":"OK"`)
	u.await("set", values("silent", "level", "8"), values("wrong", "level", "8"))
	gateway.says(`msg="device online again" device=silent`)
	if lines := gateway.saidSince(0, "device failed … device=wrong"); len(lines) > 0 {
		t.Errorf("the wrong one has not failed, and the log says\n  %s", strings.Join(lines, "\n  "))
	}
	gateway.stop()
}
