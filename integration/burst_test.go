package integration

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
)

const (
	burst     = 10_000
	leastKept = 5_000 // statuses that are kept when the gateway is killed
)

// TestBurstKilled kills a gateway in the middle of a burst of statuses that its spool keeps, while the broker accepts
// none. Each kept status must arrive when both are back.
func TestBurstKilled(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, broker *mosquitto) freezer
	}{
		{"link down", cutting},
		{"broker stopped", stopping},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broker := startMosquitto(t)
			testBurstKilled(t, broker, c.make(t, broker))
		})
	}
}

// cutting is a freezer that cuts the link.
func cutting(t *testing.T, broker *mosquitto) freezer {
	proxy, err := faults.Listen(freeAddress(t), broker.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	refuse := func(on bool) {
		t.Helper()
		if err := proxy.Refuse(on); err != nil {
			t.Fatal(err)
		}
	}
	return freezer{
		address: proxy.Address(),
		freeze:  func() { refuse(true); proxy.Cut(faults.Both, faults.RST) },
		thaw:    func() { refuse(false) },
	}
}

func testBurstKilled(t *testing.T, broker *mosquitto, f freezer) {
	const before = "publications of before are sent first"
	buildFaultGateway(t)
	dir := t.TempDir()
	socket, err := net.Listen("unix", filepath.Join(dir, "kept"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	config := write(t, dir, "faultgateway.yaml", fmt.Sprintf(`
gateway: {name: gw}
mqtt: {qos: 1, spool: spool}
mapping: {root: home, topics: [%q]}
devices:
  - {name: burst, type: burst, timeout: 1m, reply: never, answers_to: {device: [burst]}, params: {socket: %q}}
`, trial.Commands, socket.Addr()))
	launch := func() *program {
		return start(t, dir, "faultgateway", "run", "--config", config, "--mqtt.broker=tcp://"+f.address)
	}
	gateway := launch()
	gateway.says("msg=subscribed")
	u := join(t, broker.address, "home////burst/gw/S")
	u.say(message{topic: "home////burst/me/C", payload: fmt.Sprintf(`{"action":"BURST","n":%d}`, burst)})

	killAt := leastKept + rand.New(rand.NewPCG(*killSeed, 0)).IntN(burst*3/10)
	kept := keptUntil(t, socket, killAt, f.freeze, gateway.kill)
	if n := len(gateway.saidSince(0, before)); n > 0 {
		t.Errorf("a gateway with an empty spool says %d times %q", n, before)
	}
	f.thaw()

	again := launch()
	again.says("msg=connected")
	u.hearsAll(kept)
	again.stop()
	again.saysOnly()
	said := again.saidSince(0, before)
	if len(said) != 1 {
		t.Fatalf("the gateway says %d times how much the spool had, want once: %q", len(said), said)
	}
	had, _ := strconv.Atoi(regexp.MustCompile(`publications=(\d+)`).FindStringSubmatch(said[0])[1]) // only digits match
	if had < len(kept) {
		t.Errorf("the spool had %d publications, want the %d that were kept at least", had, len(kept))
	}

	numbers := u.numbers()
	distinct := slices.Compact(slices.Sorted(slices.Values(numbers)))
	t.Logf("-integration.seed=%d: killed when %d of %d statuses were kept; the spool had %d; %d came, %d of them again",
		*killSeed, len(kept), burst, had, len(distinct), len(numbers)-len(distinct))
	came := make(map[int]bool)
	latest := 0
	for _, n := range numbers {
		if !came[n] && n < latest {
			t.Errorf("status %d first came after %d", n, latest)
		}
		came[n] = true
		latest = max(latest, n)
	}
}

// keptUntil makes the device at the other end of the socket begin, and kills its gateway as soon as count statuses are
// kept. It returns the numbers of all statuses that were kept by then.
func keptUntil(t *testing.T, socket net.Listener, count int, begin, kill func()) []int {
	t.Helper()
	_ = socket.(*net.UnixListener).SetDeadline(time.Now().Add(patience)) // the socket is open: no error
	conn, err := socket.Accept()
	if err != nil {
		t.Fatalf("the device has not been told to begin: %v", err)
	}
	defer conn.Close()
	begin()
	_ = conn.SetDeadline(time.Now().Add(6 * patience)) // the connection is open: no error
	if _, err := conn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	var kept []int
	err = trial.Read(conn, func(_ trial.Event, n int, _ time.Time) {
		if kept = append(kept, n); len(kept) == count {
			kill() // reports that were written before are read afterwards
		}
	})
	if err != nil {
		t.Fatalf("after %d statuses were kept: %v", len(kept), err)
	}
	if len(kept) < count || len(kept) >= burst {
		t.Fatalf("%d of %d statuses were kept when the gateway died, want %d or a few more", len(kept), burst, count)
	}
	return kept
}

// hearsAll waits until the statuses with all these numbers have come.
func (u *user) hearsAll(numbers []int) {
	u.t.Helper()
	missing := make(map[int]bool)
	for _, n := range numbers {
		missing[n] = true
	}
	for at := 0; ; {
		came, _, more := u.heard.from(at)
		for _, m := range came {
			delete(missing, u.number(m))
		}
		at += len(came)
		if len(missing) == 0 {
			return
		}
		select {
		case <-more:
		case <-time.After(patience):
			lost := slices.Sorted(maps.Keys(missing))
			u.t.Fatalf("%d of %d statuses that were kept are lost: %v…", len(lost), len(numbers), lost[:min(len(lost), 20)])
		}
	}
}

// numbers returns the numbers of the statuses that have come, when no more come.
func (u *user) numbers() (numbers []int) {
	u.t.Helper()
	end := message{topic: "home////burst/gw/S", payload: "END"}
	heard := u.heard.len()
	u.mark(end)
	_, after, ok := u.heard.find(heard, patience, func(m message) bool { return m == end })
	if !ok {
		u.t.Fatal("the broker does not hand on what comes last")
	}
	all, _, _ := u.heard.from(0)
	for _, m := range all[:after-1] {
		numbers = append(numbers, u.number(m))
	}
	return numbers
}

func (u *user) number(m message) (n int) {
	u.t.Helper()
	if _, err := fmt.Sscanf(m.payload, `{"action":"DONE","n":%d}`, &n); err != nil {
		u.t.Fatalf("%v came: %v", m, err)
	}
	return n
}
