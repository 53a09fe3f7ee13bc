package integration

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestEndpoints asks many web servers at once, of which a tenth answers once and then hangs: the others are asked as ever. How late each
// answer comes is held with -integration.endpoints alone, since another test may keep the processor.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	many, every, asked := 40, 500*time.Millisecond, int64(5)
	if *endpoints > 0 {
		many, every = 200, 5*time.Second
		asked = max(2, int64(*endpoints/every))
	}
	hangs := func(i int) bool { return i%10 == 3 }
	answers := make([]atomic.Int64, many)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil || i >= many {
			http.NotFound(w, r)
			return
		}
		if n := answers[i].Add(1); hangs(i) && n > 1 {
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(w, `{"n":%d}`, i)
	}))
	defer server.Close()
	broker := startMosquitto(t)
	var text strings.Builder
	text.WriteString("gateway: {name: gw}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\ndevices:\n")
	for i := range many {
		fmt.Fprintf(&text, "  - {name: d%d, type: http, retry: {min: 100ms, max: 1s}, params: {base: %q, reads: [{get: /%d, every: %s, points: [{id: n, value: .n}]}]}}\n", i, server.URL, i, every)
	}
	config := write(t, t.TempDir(), "gateway.yaml", text.String())
	gateway := start(t, t.TempDir(), "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")
	defer gateway.stop()
	gateway.says("msg=subscribed")
	for i := range many {
		for deadline := time.Now().Add(patience + 2*time.Duration(asked)*every); !hangs(i) && answers[i].Load() < asked; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("endpoint %d was asked %d times, want %d", i, answers[i].Load(), asked)
			}
		}
	}
	var late []time.Duration
	opened := make(map[int]bool) // the first read opens a device, whenever the gateway comes to it
	pattern := regexp.MustCompile(`device=d(\d+) .*since_due=(\S+)`)
	for _, line := range gateway.saidSince(0, "msg=read … since_due=") {
		found := pattern.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("can't read %q", line)
		}
		i, _ := strconv.Atoi(found[1])
		since, err := time.ParseDuration(found[2])
		if err != nil {
			t.Fatal(err)
		}
		if !hangs(i) && opened[i] {
			late = append(late, since)
		}
		opened[i] = true
	}
	slices.SortFunc(late, cmp.Compare)
	at := func(part float64) time.Duration { return late[int(part*float64(len(late)-1))] }
	t.Logf("%d endpoints every %s, of which %d hang: of %d answers of the others half came within %s of when they were due, 99 %% within %s, all within %s",
		many, every, many/10, len(late), at(0.5), at(0.99), at(1))
	if *endpoints > 0 && at(1) > 100*time.Millisecond {
		t.Errorf("an answer came %s after it was due, want 100ms at most", at(1))
	}
}
