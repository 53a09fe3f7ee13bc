package integration

import (
	"fmt"
	"strings"
	"testing"
)

// TestOversize has the gateway answer with more than the broker takes, which hangs up over that: by a reset, for it has not read the rest.
// The broker sends the command anew in each session, and so the answer comes anew. After four times the answer is dropped, whenever it
// comes, and told of; what follows is answered.
func TestOversize(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			broker := startMosquitto(t, "max_packet_size 2000")
			config := write(t, t.TempDir(), "gateway.yaml", fmt.Sprintf(`
gateway: {name: gw}
mqtt: {broker: "tcp://%s", qos: 1, clean_session: false, transport: %s, reconnect: {min: 1ms, max: 50ms}}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices: [{name: lamp, type: dummy, reply_arguments: true, params: {port: none}}]
`, broker.address, transport))
			gateway := start(t, t.TempDir(), "gateway", "run", "--config", config)
			gateway.says("msg=subscribed")
			u := join(t, broker.address, "home/+/+/+/+/gw/S")
			large := fmt.Sprintf(`{"action":"ON","text":"%s"}`, strings.Repeat("x", 1940)) // the answer has a response, too
			u.say(message{topic: "home///hall/lamp/me/C", payload: large, qos: 1})
			gateway.says(`level=WARN msg="publications refused" … home///hall/lamp/gw/S … the broker closed the connection 4 times over it`)
			u.ask(patience, message{topic: "home///hall/lamp/me/C", payload: "ON", qos: 1}, message{topic: "home///hall/lamp/gw/S", payload: `{"action":"ON","response":"OK"}`, qos: 1})
			gateway.stop()
			gateway.saysOnly(`level=WARN msg="link lost"`, `level=WARN msg="link failed again"`, `level=WARN msg="publications refused"`, `level=WARN msg="more publications refused"`)
		})
	}
}
