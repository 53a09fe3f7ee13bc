package integration

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// watching matches the packages that work for those who watch a gateway.
var watching = regexp.MustCompile(`github\.com/mqttgateway/mqttgateway/(views/\w+|internal/(?:web|logbook|admin))\.|(net/http)\.`)

// TestNobodyWatches looks at all goroutines of the program: those that serve the ones who watch it are there only if it has an address
// for them.
func TestNobodyWatches(t *testing.T) {
	for _, row := range []struct {
		name, options string
		want          []string
	}{
		{"neither a server nor a health socket", "", nil},
		{"a health socket", "health: {socket: h.sock}", []string{"internal/web", "net/http"}},
		{"a server", "http: {listen: \"127.0.0.1:0\"}", []string{"internal/web", "net/http", "views/history"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			broker := startMosquitto(t)
			config := write(t, t.TempDir(), "gateway.yaml", fmt.Sprintf("%s\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\n"+
				"devices:\n  - {name: well, type: sim, params: {every: 10ms, points: [{id: level, walk: {min: 0, max: 4, step: 0.1}, unit: m}]}}\n", row.options))
			u := join(t, broker.address, "home/+/+/+/+/+/S")
			gateway := start(t, t.TempDir(), "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
			gateway.says("msg=subscribed")
			for range 10 { // it is at work
				if _, ok := u.hear(patience); !ok {
					t.Fatal("the device says nothing")
				}
			}
			gateway.signal(syscall.SIGQUIT)
			gateway.exit()
			var found []string
			for _, line := range gateway.saidSince(0, "") {
				if of := watching.FindStringSubmatch(line); of != nil && !slices.Contains(found, of[1]+of[2]) {
					found = append(found, of[1]+of[2])
				}
			}
			if slices.Sort(found); !slices.Equal(found, row.want) {
				t.Errorf("goroutines of %q, want of %q:\n%s", found, row.want, strings.Join(gateway.saidSince(0, "goroutine … [… ]:"), "\n"))
			}
		})
	}
}
