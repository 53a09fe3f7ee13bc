package integration

import (
	"regexp"
	"testing"
	"time"
)

const echoing = `
gateway: {name: gw}
mapping: {root: home, topics: ["home/#"]}
devices:
  - {name: spot, type: dummy, params: {port: none, interval: 0, echo: true}}
`

var (
	question = message{topic: "home/////me/C", payload: "LIGHT_ON"}
	answer   = message{topic: "home/////gw/S", payload: "LIGHT_ON"}
)

// TestOutage kills the broker and starts it again on the same port. -integration.outage=60s keeps it away for a minute.
func TestOutage(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", echoing), "--mqtt.broker=tcp://"+broker.address)
	gateway.broker()
	join(t, broker.address, "#").ask(patience, question, answer)

	gateway.says("message received")
	before := gateway.lines.len()
	broker.kill()
	gateway.says("link lost")
	<-time.After(*outage)
	broker.start()
	const back = 30 * time.Second // the longest back-off
	gateway.saysWithin(back+patience, "connected again")
	join(t, broker.address, "#").ask(patience, question, answer)
	gateway.stop()
	// When the broker dies, the gateway may not know whether the answer was written, although the user has got it.
	gateway.saysOnly("link lost", "connect failed", "link failed again", "publications refused … connection lost")

	lines, _, _ := gateway.lines.from(before)
	said := make(map[string]bool)
	about := 0
	for _, line := range lines {
		if pattern("msg=stopping").MatchString(line) {
			break
		}
		about++
		line = apart.ReplaceAllString(line, "")
		if said[line] {
			t.Errorf("said twice about the outage: %s", line)
		}
		said[line] = true
	}
	if about > 8 {
		t.Errorf("%d lines about the outage, want 8 at most", about)
	}
	t.Logf("%d lines about an outage of %v", about, *outage)
}

// apart matches the parts of a line that make two equal lines differ.
var apart = regexp.MustCompile(`time=\S+|retry=\S+`)
