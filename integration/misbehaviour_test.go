package integration

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

var (
	misbehaviourSeed = flag.Uint64("misbehaviour.seed", 1, "what the broker's misbehaviour is drawn from")
	misbehaviourTime = flag.Duration("misbehaviour.time", 4*time.Second, "how long it goes on, over each transport")
)

const (
	trialAckTimeout = time.Second
	trialMaxPacket  = 64 << 10
)

// TestMisbehaviour makes a broker drop acknowledgements, forge others, send messages that are too large, and hang up on
// wills, at random, while commands pass through the gateway. No command may be lost, no silence may last long, and the
// gateway may not grow.
func TestMisbehaviour(t *testing.T) {
	t.Logf("-misbehaviour.seed=%d -misbehaviour.time=%v", *misbehaviourSeed, *misbehaviourTime)
	overTransports(t, func(t *testing.T, transport string) {
		for _, spool := range []bool{false, true} {
			name := "without a spool"
			if spool {
				name = "with a spool"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				testMisbehaviour(t, transport, spool)
			})
		}
	})
}

func testMisbehaviour(t *testing.T, transport string, spool bool) {
	broker := startMosquitto(t)
	proxy := newProxy(t, broker)
	m := &misbehaviour{
		ground: newGround(t, t.TempDir(), broker, proxy.Address(), 4, work{}, spool,
			"transport: "+transport, fmt.Sprintf("ack_timeout: %v", trialAckTimeout), fmt.Sprintf("max_packet: %dKB", trialMaxPacket>>10)),
		proxy:  proxy,
		random: rand.New(rand.NewPCG(*misbehaviourSeed, 0)),
		came:   make(map[string]int),
	}
	proxy.Edit(faults.Up, func() faults.Editor { return m.up })
	proxy.Edit(faults.Down, func() faults.Editor {
		// The other counts belong to one connection.
		m.change(func() { m.swallow = [16]int{packetSuback: m.swallow[packetSuback]} })
		return m.down
	})
	m.startGateway()
	m.gateway().says("msg=subscribed")
	m.run(*misbehaviourTime)
	for _, device := range m.witnesses {
		m.lastWord(device)
	}
	peak := m.gateway().peak()
	r := m.result()
	t.Logf("\n%s\n%v; the longest silence %.2f s; %d MB at most", r, m.came, m.longest.Seconds(), peak/1e6)
	if !raced() && peak > mostMemory {
		t.Errorf("the gateway had up to %d MB in RAM, want %d MB at most", peak/1e6, int(mostMemory)/1e6)
	}
	if r.Acknowledged == 0 || m.struck == 0 {
		t.Errorf("%d commands acknowledged, %d packets swallowed", r.Acknowledged, m.struck)
	}
	if lost := len(r.Lost) + len(r.EchoesLost) + len(r.KeptLost) + len(unexcused(r.Unanswered)); lost > 0 {
		t.Errorf("lost or refused: %v, %v, %v, %v\nwhat the broker did:\n  %s",
			r.Lost, r.EchoesLost, r.KeptLost, unexcused(r.Unanswered), strings.Join(m.said, "\n  "))
	}
}

// misbehaviour is a proxy in front of a real broker, which makes the broker misbehave.
type misbehaviour struct {
	*ground
	proxy   *faults.Proxy
	random  *rand.Rand
	came    map[string]int
	said    []string
	longest time.Duration // the longest silence

	mu      sync.Mutex
	swallow [16]int // by type of packet: how many of the next packets from the broker are dropped
	forged  []byte  // packets to send behind the next one
	noWill  bool    // hang up on wills
	struck  int     // number of dropped packets
}

func (m *misbehaviour) up(packet []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	const flags, willFlag = 9, 0b100
	switch packet[0] >> 4 {
	case packetConnect:
		if m.noWill && packet[flags]&willFlag != 0 {
			return nil, true
		}
	case packetPubcomp: // the answer to a PUBREL for a message that the broker does not know
		return nil, false
	}
	return packet, false
}

func (m *misbehaviour) down(packet []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kind := packet[0] >> 4; m.swallow[kind] > 0 {
		m.swallow[kind]--
		m.struck++
		packet = nil
	}
	packet = append(packet, m.forged...)
	m.forged = nil
	return packet, false
}

// run makes the broker misbehave again and again, and each time waits until commands pass again.
func (m *misbehaviour) run(long time.Duration) {
	m.t.Helper()
	ctx, cancel := context.WithCancel(m.t.Context())
	var flowing sync.WaitGroup
	defer flowing.Wait()
	flowing.Go(func() { m.publisher.Flow(ctx, commandEvery, m.witnesses...) })
	defer cancel()
	for end := time.Now().Add(long); time.Now().Before(end); {
		began := m.ledger.Since()
		what, silence := m.misbehave()
		m.said = append(m.said, fmt.Sprintf("%6.2f s %s", began.Seconds(), what))
		kind, _, _ := strings.Cut(what, ":")
		m.came[kind]++
		m.passes(what, silence)
		<-time.After(time.Duration(m.random.Int64N(int64(300 * time.Millisecond))))
	}
}

// passes waits until commands pass again, which may take as long as silence, and somewhat longer on a busy machine.
func (m *misbehaviour) passes(what string, silence time.Duration) {
	m.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(m.t.Context(), silence+patience)
	defer cancel()
	if err := m.ledger.AwaitEcho(ctx, "", m.ledger.Last()); err != nil {
		m.t.Fatalf("nothing passes %v after %s; before that:\n  %s", silence+patience, what, strings.Join(m.said, "\n  "))
	}
	m.longest = max(m.longest, time.Since(began))
}

// misbehave does one thing, and returns its name, and how long the silence after it may be.
func (m *misbehaviour) misbehave() (what string, silence time.Duration) {
	const connecting = 3 * time.Second // the back-off, and the time-out of one attempt
	upTo := func(n int) int { return 1 + m.random.IntN(n) }
	switch m.random.IntN(6) {
	case 0:
		n := upTo(20)
		m.change(func() { m.swallow[packetPuback] = n })
		return fmt.Sprintf("swallow: %d PUBACKs", n), 2*trialAckTimeout + connecting
	case 1: // and answers to the pings by which the gateway checks
		n := upTo(4)
		m.change(func() { m.swallow[packetPuback], m.swallow[packetPingresp] = 1, n })
		return fmt.Sprintf("swallow with pings: a PUBACK and %d PINGRESPs", n), 5*trialAckTimeout + connecting
	case 2:
		m.change(func() { m.swallow[packetSuback] = 1 })
		m.proxy.Cut(faults.Both, faults.RST)
		return "swallow at the start: a SUBACK", trialAckTimeout + 2*connecting
	case 3:
		forged := m.forge(upTo(20))
		m.change(func() { m.forged = forged })
		return fmt.Sprintf("forge: % x", forged), 0
	case 4:
		size, qos, retained := trialMaxPacket+m.random.IntN(10*trialMaxPacket), byte(m.random.IntN(2)), m.random.IntN(2) == 0
		m.sendLarge(size, qos, retained)
		return fmt.Sprintf("too large: %d bytes at QoS %d, retained %t", size, qos, retained), 0
	}
	m.change(func() { m.noWill = true })
	m.proxy.Cut(faults.Both, faults.FIN)
	m.passes("hanging up on wills", 2*connecting)
	m.change(func() { m.noWill = false })
	return "no will: for a while", 0
}

func (m *misbehaviour) change(by func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by()
}

// forge returns acknowledgements of packets that were not sent. None has the type and the identifier of a packet that
// may be outstanding.
func (m *misbehaviour) forge(n int) (packets []byte) {
	for range n {
		high, low := byte(0xee), byte(1+m.random.IntN(255))
		switch m.random.IntN(8) {
		case 0:
			packets = append(packets, 0x40, 2, high, low)
		case 1:
			packets = append(packets, 0x50, 2, high*byte(m.random.IntN(2)), low)
		case 2:
			packets = append(packets, 0x62, 2, high, low)
		case 3:
			packets = append(packets, 0x70, 2, high*byte(m.random.IntN(2)), low)
		case 4:
			packets = append(packets, 0x90, 3, high, low, byte(m.random.IntN(3)))
		case 5:
			packets = append(packets, 0xb0, 2, high, low)
		case 6:
			packets = append(packets, 0xd0, 0)
		case 7:
			packets = append(packets, 0x20, 2, 0, byte(m.random.IntN(6)))
		}
	}
	return packets
}

// sendLarge makes the broker send a large message to a device.
func (m *misbehaviour) sendLarge(size int, qos byte, retained bool) {
	m.t.Helper()
	taken := make(chan struct{})
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	session, err := direct.Dial(ctx, mqtt.Options{Broker: "tcp://" + m.broker.address, CleanSession: true, Published: func(uint64, error) { close(taken) }})
	if err != nil {
		m.t.Fatal(err)
	}
	session.Publish(1, mqtt.Message{Topic: "home////w0/trial/C", Payload: strings.Repeat("x", size), QoS: qos, Retained: retained})
	session.Flush()
	<-taken
	session.Close(ctx)
}
