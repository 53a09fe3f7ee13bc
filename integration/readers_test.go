package integration

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var readersRounds = flag.Int("integration.readers", 0, "how often messages are timed among 10,000 devices, without and with 50 readers of events, and without and with a scraper of metrics; 0: once, among 300 devices")

const (
	eventReaderCount = 50
	stuckReaders     = 5
	allEvents        = "/api/v1/events?kinds=record,counts,messages,log"
)

// TestReaders has 50 readers of events, 5 of which never read, beside devices a tenth of which change each second. What the others get
// lacks nothing and is in time, the gateway's memory is bounded, and no message is lost. With -v the test prints how much longer
// messages take than without readers.
func TestReaders(t *testing.T) {
	g := startBusyGateway(t)
	var alone, beside []time.Duration
	for round := range max(1, *readersRounds) {
		if round > 0 {
			time.Sleep(idleReaders) // until nothing is left in the gateway of the readers before
		}
		alone = append(alone, g.time(t, "nobody reads")...)
		before := g.resident()

		ctx, leave := context.WithCancel(t.Context())
		for range stuckReaders {
			g.stuckReader(t, ctx)
		}
		readers := startEventReaders(t, g.url)
		g.timeUntil(t, "they come", func() { readers.says("ready") })
		first := g.probe.next()
		beside = append(beside, g.time(t, "50 readers")...)
		events, middle, last := readers.await(first, g.probe.next())
		leave()
		readers.leave()
		after := g.resident()
		t.Logf("%d events for each reader; the latest came %v after its message to the median reader, %v to the last; %d MB in RAM, %d MB without readers",
			events, middle, last, after/1e6, before/1e6)
		if last > 10*time.Second {
			t.Errorf("an event came %v after its message, want 1s, and under load 10s at most", last)
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
	var alone, beside []time.Duration
	for range max(1, *readersRounds) {
		alone = append(alone, g.time(t, "nobody reads")...)
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
		beside = append(beside, g.time(t, "scraped")...)
		leave()
		scraping.Wait()
		slices.Sort(took)
		t.Logf("%d scrapes of %d kB: %v in the middle, %v at most", len(took), size/1000, took[len(took)/2], took[len(took)-1])
	}
	compare(t, alone, beside)
	g.stop()
}

// compare prints how long messages of all rounds took.
func compare(t *testing.T, alone, beside []time.Duration) {
	t.Helper()
	slices.Sort(alone)
	slices.Sort(beside)
	a, b := alone[len(alone)*99/100], beside[len(beside)*99/100]
	t.Logf("p99 of messages of all rounds: %v alone, %v beside: %.2f times as long", a, b, float64(b)/float64(a))
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

// time sends messages for a while, and returns how long each took from the user to a device and back.
func (g *busyGateway) time(t *testing.T, when string) []time.Duration {
	t.Helper()
	long := 500 * time.Millisecond
	if *readersRounds > 0 {
		long = 30 * time.Second // as long as the gateway takes to make garbage that it collects
	}
	return g.timeUntil(t, when, func() { time.Sleep(long) }) // how long is what is measured
}

func (g *busyGateway) timeUntil(t *testing.T, when string, until func()) []time.Duration {
	t.Helper()
	made, cycles := g.garbage(t)
	computed, began := g.computed(), time.Now()
	done := make(chan struct{})
	go func() { defer close(done); until() }()
	took := g.probe.send(done)
	slices.Sort(took)
	share, long := 100*(g.computed()-computed).Seconds()/time.Since(began).Seconds(), time.Since(began)
	madeThen, cyclesThen := g.garbage(t)
	t.Logf("%s: %d messages took %v in the middle, %v at the 99th of 100, %v at most; %.0f %% of a processor, %.1f MB of garbage a second, collected %d times",
		when, len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1], share, (madeThen-made)/1e6/long.Seconds(), cyclesThen-cycles)
	return took
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

// eventReaders is the program of that name.
type eventReaders struct {
	*program
	asked io.WriteCloser
}

// startEventReaders has all readers but the stuck ones begin. They use one processor, so that where there are two the other is left to
// messages.
func startEventReaders(t *testing.T, url string) eventReaders {
	t.Helper()
	p := newProgram(t, t.TempDir(), filepath.Join(programs, "eventreaders"), []string{"GOMAXPROCS=1"}, url+allEvents, fmt.Sprint(eventReaderCount-stuckReaders), strings.ReplaceAll(probeMark, `"`, `\"`))
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = os.Stderr
	p.begin(func() { p.read(stdout, &p.lines) })
	return eventReaders{p, stdin}
}

// await waits until each reader has got the events of the messages from first to before last. It returns how many events the first has
// got, and how long the latest took to the reader in the middle and to the last.
func (r eventReaders) await(first, last int) (events int, middle, latest time.Duration) {
	r.t.Helper()
	if _, err := fmt.Fprintln(r.asked, first, last); err != nil {
		r.t.Fatal(err)
	}
	said := r.saysWithin(2*patience, "complete")
	var m, l string
	if _, err := fmt.Sscanf(said, "complete events=%d middle=%s last=%s", &events, &m, &l); err != nil {
		r.t.Fatalf("%q: %v", said, err)
	}
	middle, _ = time.ParseDuration(m)
	latest, _ = time.ParseDuration(l)
	return events, middle, latest
}

// leave has all readers go.
func (r eventReaders) leave() {
	r.asked.Close()
	r.exit()
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
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", allEvents, host); err != nil {
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
	size, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", res.Status, err)
	}
	return int(size)
}
