package integration

import (
	"fmt"
	"testing"
)

// A device that computes does not make others wait until it has finished, although the gateway uses only one processor,
// which is the default, and messages follow each other so closely that the gateway is hardly ever idle.
func TestSpinning(t *testing.T) {
	for _, processors := range []string{"1", "0"} {
		t.Run("processors="+processors, func(t *testing.T) {
			t.Parallel()
			broker := startMosquitto(t)
			dir := t.TempDir()
			gateway := start(t, dir, plain(t), "run", "--mqtt.broker=tcp://"+broker.address, "--config", write(t, dir, "testgateway.yaml",
				"gateway: {name: gw, processors: "+processors+"}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n"+
					"  - {name: a, type: puppet, answers_to: {device: [a]}}\n  - {name: b, type: puppet, answers_to: {device: [b]}}\n"))
			gateway.says("msg=subscribed")
			me := join(t, broker.address, "home/+/+/+/+/gw/S")
			tell := func(device, action string) message {
				me.say(message{topic: "home////" + device + "/me/C", payload: action})
				return message{topic: "home////" + device + "/gw/S", payload: action, qos: 0}
			}
			for range 3 {
				for i := range 300 {
					action := fmt.Sprint("FLOW", i)
					me.ask(patience, message{topic: "home////b/me/C", payload: action}, message{topic: "home////b/gw/S", payload: action})
				}
				spun := tell("a", "SPIN")
				halted := tell("b", "HALT")
				want := map[message]bool{spun: true, halted: true}
				for len(want) > 0 {
					m, ok := me.hear(patience)
					if !ok || !want[m] {
						t.Fatalf("heard %v, %v, want both of %v", m, ok, want)
					}
					delete(want, m)
				}
			}
			gateway.stop()
		})
	}
}
