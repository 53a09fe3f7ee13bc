package integration

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var readersRounds = flag.Int("integration.readers", 0, "how often messages are timed among 10,000 devices, without and with 50 readers of events, and without and with a scraper of metrics; 0: once, among 300 devices")

const (
	eventReaders = 50
	stuckReaders = 5
)

// TestReaders has 50 readers of events, 5 of which never read, beside devices a tenth of which change each second. What the others get
// lacks nothing and is in time, the gateway's memory is bounded, and no message is lost. With -v the test prints how much longer
// messages take than without readers.
func TestReaders(t *testing.T) {
	g := startBusyGateway(t)
	var alone, beside []timing
	for round := range max(1, *readersRounds) {
		if round > 0 {
			time.Sleep(idleReaders) // until nothing is left in the gateway of the readers before
		}
		alone = append(alone, g.time(t, "nobody reads"))
		before := g.resident()

		ctx, leave := context.WithCancel(t.Context())
		var reading sync.WaitGroup
		var readers []*eventReader
		for i := range eventReaders {
			if i < stuckReaders {
				g.stuckReader(t, ctx)
				continue
			}
			r := &eventReader{ready: make(chan struct{}), probe: g.probe, heard: make(map[int]int)}
			readers = append(readers, r)
			reading.Go(func() { r.read(t, ctx, g.url) })
		}
		g.timeUntil(t, "they come", func() {
			for _, r := range readers {
				<-r.ready
			}
		})
		first := g.probe.next()
		beside = append(beside, g.time(t, "50 readers"))
		last := g.probe.next()
		var late []time.Duration
		for i, r := range readers {
			late = append(late, r.await(t, i, first, last))
		}
		leave()
		reading.Wait()
		slices.Sort(late)
		after := g.resident()
		t.Logf("%d events for each reader; the latest came %v after its command to the median reader, %v to the last; %d MB in RAM, %d MB without readers",
			readers[0].events, late[len(late)/2], late[len(late)-1], after/1e6, before/1e6)
		if late[len(late)-1] > 10*time.Second {
			t.Errorf("an event came %v after its command, want 1s, and under load 10s at most", late[len(late)-1])
		}
		if grown := after - before; grown > mostForReaders && !raced() {
			t.Errorf("with readers the gateway has %d MB more in RAM, want %d MB at most", grown/1e6, int(mostForReaders)/1e6)
		}
	}
	compare(t, alone, beside)
	g.stop()
}

// TestScrapes is TestReaders with one who reads the metrics all the time, in place of the readers.
func TestScrapes(t *testing.T) {
	g := startBusyGateway(t)
	var alone, beside []timing
	for range max(1, *readersRounds) {
		alone = append(alone, g.time(t, "nobody reads"))
		ctx, leave := context.WithCancel(t.Context())
		var scraping sync.WaitGroup
		var took []time.Duration
		size := 0
		scraping.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				if size = g.scrape(t); size == 0 {
					return
				}
				took = append(took, time.Since(began))
				time.Sleep(scrapePause) // otherwise more would be measured than one can ask for
			}
		})
		beside = append(beside, g.time(t, "scraped"))
		leave()
		scraping.Wait()
		slices.Sort(took)
		t.Logf("%d scrapes of %d kB: %v in the middle, %v at most", len(took), size/1000, took[len(took)/2], took[len(took)-1])
	}
	compare(t, alone, beside)
	g.stop()
}

// compare prints what the medians of timings of the same rounds are.
func compare(t *testing.T, alone, beside []timing) {
	t.Helper()
	median := func(of []timing) time.Duration {
		all := make([]time.Duration, len(of))
		for i := range of {
			all[i] = of[i].p99
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	a, b := median(alone), median(beside)
	t.Logf("p99 of messages %v alone, %v beside: %.2f times as long", a, b, float64(b)/float64(a))
}

const (
	// idleReaders is longer than events are made for readers that have gone.
	idleReaders = 35 * time.Second
	// mostForReaders is what readers may take, and the garbage that they make: four rings of 4 MB, and what is written to each at once.
	mostForReaders = 150e6
	scrapePause    = 100 * time.Millisecond
)

// busyGateway is a real program with many devices of three entities each. Each second a tenth of the devices has another value.
type busyGateway struct {
	*program
	url   string
	probe *probe
}

func startBusyGateway(t *testing.T) *busyGateway {
	t.Helper()
	size := 300
	if *readersRounds > 0 {
		size = 10_000
	}
	broker := startMosquitto(t)
	var config strings.Builder
	fmt.Fprint(&config, "gateway: {name: gw, grace: 1s}\nhttp: {listen: \"127.0.0.1:0\", pprof: true}\n"+
		"mapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n"+
		"  - {name: ear, type: sim, reply: always, params: {points: [{id: relay, write: true, kind: bool}]}}\n")
	for i := range size {
		every := "1h"
		if i%10 == 0 {
			every = "1s"
		}
		fmt.Fprintf(&config, "  - name: plug%05d\n    type: sim\n    params:\n      every: %s\n      points:\n"+
			"        - {id: power, walk: {min: 0, max: 3000, step: 100}, unit: W, class: power}\n"+
			"        - {id: energy, steps: [1234.5], unit: kWh, class: energy}\n"+
			"        - {id: relay, write: true, kind: bool}\n", i, every)
	}
	dir := t.TempDir()
	g := &busyGateway{program: start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", config.String()), "--mqtt.broker=tcp://"+broker.address)}
	g.saysWithin(6*patience, "msg=\"devices ready\"")
	g.saysWithin(6*patience, "msg=subscribed")
	_, g.url, _ = strings.Cut(g.says(`msg="http listening" url=`), "url=")
	g.probe = newProbe(t, broker.address)
	if *readersRounds > 0 {
		time.Sleep(10 * time.Second) // until all has been told and memory is given back, which nothing tells
	}
	return g
}

// timing is how long messages took.
type timing struct {
	count        int
	p99, longest time.Duration
}

// time sends messages for a while, and returns how long they took from the user to a device and back.
func (g *busyGateway) time(t *testing.T, when string) timing {
	t.Helper()
	long := 500 * time.Millisecond
	if *readersRounds > 0 {
		long = 5 * time.Second
	}
	return g.timeUntil(t, when, func() { time.Sleep(long) }) // how long is what is measured
}

func (g *busyGateway) timeUntil(t *testing.T, when string, until func()) timing {
	t.Helper()
	made, cycles := g.garbage(t)
	computed, began := g.computed(), time.Now()
	done := make(chan struct{})
	go func() { defer close(done); until() }()
	took := g.probe.send(done)
	slices.Sort(took)
	result := timing{len(took), took[len(took)*99/100], took[len(took)-1]}
	share, long := 100*(g.computed()-computed).Seconds()/time.Since(began).Seconds(), time.Since(began)
	madeThen, cyclesThen := g.garbage(t)
	t.Logf("%s: %d messages took %v in the middle, %v at the 99th of 100, %v at most; %.0f %% of a processor, %.1f MB of garbage a second, collected %d times",
		when, result.count, took[len(took)/2], result.p99, result.longest, share, (madeThen-made)/1e6/long.Seconds(), cyclesThen-cycles)
	return result
}

// garbage returns how many bytes the gateway has allocated so far, and how often it has collected what was garbage of them.
func (g *busyGateway) garbage(t *testing.T) (bytes float64, cycles int) {
	t.Helper()
	res, err := http.Get(g.url + "/debug/pprof/heap?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "# TotalAlloc = %g", &bytes)
		_, _ = fmt.Sscanf(lines.Text(), "# NumGC = %d", &cycles)
	}
	return bytes, cycles
}

// eventReader reads all events, and looks among them for the commands and answers of a probe.
type eventReader struct {
	ready chan struct{} // closed when the tree has come
	probe *probe

	mu     sync.Mutex
	events int
	missed string      // that it is told of
	heard  map[int]int // by the number of a command: how many events there were of the command, and of its answer
	latest time.Duration
}

func (r *eventReader) read(t *testing.T, ctx context.Context, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/events?kinds=record,counts,messages,log", nil)
	if err != nil {
		t.Error(err)
		return
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ReadBufferSize: 64 << 10}}
	res, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for ready, name := false, ""; lines.Scan(); {
		line := lines.Bytes()
		if of, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			name = string(of)
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		r.mu.Lock()
		r.events++
		if name == "missed" {
			r.missed += string(data)
		}
		if n, ok := probeNumber(data, strings.ReplaceAll(probeMark, `"`, `\"`)); ok {
			r.heard[n]++
			r.latest = max(r.latest, r.probe.since(n))
		}
		r.mu.Unlock()
		if name == "snapshot" && !ready {
			ready = true
			close(r.ready)
		}
	}
}

// await waits until the events of the commands from first to before last are there, and returns how late the latest of all was.
func (r *eventReader) await(t *testing.T, which, first, last int) time.Duration {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		r.mu.Lock()
		lacks := 0
		for n := first; n < last; n++ {
			if r.heard[n] != 2 {
				lacks++
			}
		}
		missed, latest := r.missed, r.latest
		r.mu.Unlock()
		switch {
		case missed != "":
			t.Fatalf("reader %d is told that it has missed %s", which, missed)
		case lacks == 0:
			return latest
		case time.Now().After(deadline):
			t.Fatalf("reader %d lacks %d of %d messages", which, lacks, last-first)
		}
	}
}

// stuckReader asks for all events, and reads none.
func (g *busyGateway) stuckReader(t *testing.T, ctx context.Context) {
	t.Helper()
	_, host, _ := strings.Cut(g.url, "://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(4096) // more would only take longer to fill
	if _, err := fmt.Fprintf(conn, "GET /api/v1/events?kinds=record,counts,messages,log HTTP/1.1\r\nHost: %s\r\n\r\n", host); err != nil {
		t.Fatal(err)
	}
}

// scrape reads the metrics, and returns how many bytes they are.
func (g *busyGateway) scrape(t *testing.T) int {
	res, err := http.Get(g.url + "/metrics")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer res.Body.Close()
	var all bytes.Buffer
	if _, err := all.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", res.Status, err)
	}
	return all.Len()
}
