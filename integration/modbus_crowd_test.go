package integration

import (
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

var (
	slavesTime   = flag.Duration("integration.slaves", 2*time.Second, "how long 64 Modbus slaves are polled once a second; from 20s on it is judged what that costs")
	slavesChange = flag.Int("integration.slaves.change", 2, "how many of the 20 values of each slave have changed at each poll")
)

// TestManySlaves polls 64 Modbus slaves over TCP, with 20 values each, once a second. Unless it is judged what that costs, there are 8 of
// them, for tests run beside it.
func TestManySlaves(t *testing.T) {
	t.Parallel()
	judged := *slavesTime >= 20*time.Second
	count := 8
	if judged {
		count = 64
	}
	broker := startMosquitto(t)
	var config strings.Builder
	fmt.Fprint(&config, "gateway: {name: gw, grace: 1s}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [\"home/+/+/+/+/+/C\"]}\ndevices:\n")
	slaves := make([]*countingSlave, count)
	for i := range slaves {
		slaves[i] = startCountingSlave(t)
		fmt.Fprintf(&config, "  - name: s%02d\n    type: modbus\n    params:\n      line: {protocol: modbus-tcp, address: %q}\n      unit: 1\n      every: 1s\n      points:\n", i, slaves[i].address)
		for point := range 20 {
			fmt.Fprintf(&config, "        - {id: p%d, input: %d, type: uint32, scale: 0.1, unit: W, class: power}\n", point, 2*point)
		}
	}
	gateway := start(t, t.TempDir(), "gateway", "run", "--config", write(t, t.TempDir(), "gateway.yaml", config.String()), "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")
	for _, s := range slaves {
		s.polled(t, 3) // by the opener, and by the first poll: the next one is due
	}
	before, began := gateway.computed(), time.Now()
	for _, s := range slaves {
		s.polled(t, 3+int(*slavesTime/time.Second))
	}
	took := time.Since(began)
	share := (gateway.computed() - before).Seconds() / took.Seconds()
	var late []time.Duration
	for _, s := range slaves {
		late = append(late, s.late()...)
	}
	slices.Sort(late)
	t.Logf("%d slaves, %d polls in %v: %.1f %% of a processor; late by %v in the middle, %v at the 99th of 100, %v at most",
		count, len(late), took.Round(time.Second), 100*share, late[len(late)/2], late[len(late)*99/100], late[len(late)-1])
	if judged && (share > 0.15 || late[len(late)-1] > 100*time.Millisecond) {
		t.Error("want 15 % of a processor at most, and no poll later than by 100 ms")
	}
	gateway.stop()
	whole := gateway.cmd.ProcessState
	t.Logf("in all it has computed for %v in user mode, and for %v in the system", whole.UserTime(), whole.SystemTime())
}

// countingSlave is a Modbus slave over TCP that counts its polls. Some of its registers count them, too, and the others stay.
type countingSlave struct {
	address string

	mu    sync.Mutex // guards what follows
	polls []time.Time
	more  chan struct{} // closed, and made anew, at each poll
}

func startCountingSlave(t *testing.T) *countingSlave {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &countingSlave{address: listener.Addr().String(), more: make(chan struct{})}
	var serving sync.WaitGroup
	serving.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		serving.Go(func() { <-t.Context().Done(); conn.Close() })
		s.serve(conn)
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return s
}

func (s *countingSlave) serve(conn net.Conn) {
	frame := make([]byte, 300)
	for {
		n, err := conn.Read(frame)
		if err != nil {
			return
		}
		transaction, unit, pdu, _, err := modbus.CutTCP(frame[:n])
		if err != nil {
			return
		}
		request, err := modbus.ParseRequest(pdu)
		if err != nil {
			return
		}
		registers := make(modbus.Registers, request.(modbus.Read).Count)
		polls := s.poll()
		for point := range min(*slavesChange, len(registers)/2) {
			registers[2*point+1] = uint16(polls)
		}
		answer, err := modbus.AppendResponse(nil, request, registers)
		if err != nil {
			return
		}
		if _, err := conn.Write(modbus.AppendTCP(nil, transaction, unit, answer)); err != nil {
			return
		}
	}
}

// poll counts a poll, and returns how many there were.
func (s *countingSlave) poll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls = append(s.polls, time.Now())
	close(s.more)
	s.more = make(chan struct{})
	return len(s.polls)
}

// polled waits until there were so many polls.
func (s *countingSlave) polled(t *testing.T, n int) {
	t.Helper()
	for {
		s.mu.Lock()
		have, more := len(s.polls), s.more
		s.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-more:
		case <-time.After(patience):
			t.Fatalf("%d polls, want %d", have, n)
		}
	}
}

// late returns by how much each poll came later than it was due: once a second after the earliest of them.
func (s *countingSlave) late() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	beats := make([]time.Duration, 0, len(s.polls))
	for i, at := range s.polls[1:] { // the first is the opener's
		beats = append(beats, at.Sub(s.polls[1])-time.Duration(i)*time.Second)
	}
	first := slices.Min(beats)
	for i := range beats {
		beats[i] -= first
	}
	return beats
}
