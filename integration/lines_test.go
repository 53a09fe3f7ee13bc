package integration

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const onTwoLines = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
lines:
  - {name: cellar, protocol: modbus-tcp, address: "CELLAR", timeout: 2s}
  - {name: attic, protocol: modbus-tcp, address: "ATTIC"}
devices:
  - {name: a, type: modbus, retry: {min: 100ms, max: 300ms}, params: {line: cellar, unit: 1, every: 100ms, points: [{id: v, input: 0}]}}
  - {name: b, type: modbus, retry: {min: 100ms, max: 300ms}, params: {line: cellar, unit: 2, every: 100ms, points: [{id: v, input: 0}]}}
  - {name: c, type: modbus, retry: {min: 100ms, max: 300ms}, params: {line: cellar, unit: 3, every: 100ms, points: [{id: v, input: 0}]}}
  - {name: d, type: modbus, retry: {min: 100ms, max: 300ms}, params: {line: attic, unit: 4, every: 100ms, points: [{id: v, input: 0}]}}
`

// TestLines has the real program share a connection between three slaves. A reload that changes the line replaces these devices without a
// failure, and leaves the device on another line alone. When the line breaks, the log says so once, and once that it is back.
func TestLines(t *testing.T) {
	t.Parallel()
	cellar, attic := &box{t: t}, &box{t: t}
	for _, b := range []*box{cellar, attic} {
		b.start("127.0.0.1:0")
		defer b.end()
	}
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/$gateway/#")
	dir := t.TempDir()
	first := strings.NewReplacer("CELLAR", cellar.address, "ATTIC", attic.address).Replace(onTwoLines)
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", first), "--mqtt.broker=tcp://"+broker.address)
	view := func(device, name, payload string) message {
		return message{topic: "home/$gateway/gw/" + device + "/" + name, payload: payload, qos: 1}
	}
	u.await("all are read", view("a", "values", `{"v":100}`), view("b", "values", `{"v":200}`), view("c", "values", `{"v":300}`), view("d", "values", `{"v":400}`))

	write(t, dir, "gateway.yaml", strings.Replace(first, "timeout: 2s", "timeout: 1s", 1))
	gateway.signal(syscall.SIGHUP)
	gateway.says(`msg="configuration read again" changed=3 changed_devices="[a b c]"`)
	cellar.awaitUnits(2, 1, 2, 3)
	if lines := gateway.saidSince(0, "level=WARN"); len(lines) > 0 {
		t.Errorf("the line was replaced, and the log says\n  %s", strings.Join(lines, "\n  "))
	}
	if n := attic.connections(); n != 1 {
		t.Errorf("the other line was connected to %d times", n)
	}

	cellar.end()
	for down := map[string]bool{}; len(down) < 3; {
		m, ok := u.hearAny(patience)
		if !ok {
			t.Fatalf("offline: only %v", down)
		}
		if device, _, isState := strings.Cut(strings.TrimPrefix(m.topic, "home/$gateway/gw/"), "/state"); isState && strings.HasPrefix(m.payload, `offline: running: line "cellar": `) {
			down[device] = true
		}
	}
	cellar.start(cellar.address)
	u.await("back", view("a", "state", "online"), view("b", "state", "online"), view("c", "state", "online"))
	gateway.says(`level=INFO msg="line up again" line=cellar`)
	if lines := gateway.saidSince(0, "level=WARN"); len(lines) != 1 || !strings.Contains(lines[0], `msg="line down, and so are the devices on it" line=cellar`) {
		t.Errorf("the line has broken once, and the log says\n  %s", strings.Join(lines, "\n  "))
	}
	if lines := gateway.saidSince(0, "again"); len(lines) != 2 {
		t.Errorf("the line was back once, and the log says\n  %s", strings.Join(lines, "\n  "))
	}
	gateway.stop()
}

// box plays a box with Modbus slaves behind it, which serves one connection at a time: whoever connects meanwhile has to wait. The first
// register of each slave is a hundred times its unit.
type box struct {
	t       *testing.T
	address string
	at      net.Listener
	done    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	served int        // connections so far
	conn   net.Conn   // the one that is served
	asked  map[byte]bool
	news   chan struct{} // closed with each change of these
}

func (b *box) start(address string) {
	b.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.address, b.news = listener, listener.Addr().String(), make(chan struct{})
	b.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.is(func() { b.served, b.conn, b.asked = b.served+1, conn, map[byte]bool{} })
			b.serve(conn)
			conn.Close()
		}
	})
}

// is changes what is known of the box.
func (b *box) is(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
	close(b.news)
	b.news = make(chan struct{})
}

// serve answers each request with one register. A frame is 2 bytes of number, 2 of protocol, 2 of length, the unit and what is asked.
func (b *box) serve(conn net.Conn) {
	for {
		frame := make([]byte, 260)
		if _, err := io.ReadFull(conn, frame[:6]); err != nil {
			return
		}
		n := binary.BigEndian.Uint16(frame[4:])
		if _, err := io.ReadFull(conn, frame[6:6+n]); err != nil {
			return
		}
		unit := frame[6]
		answer := append(frame[:4:4], 0, 5, unit, frame[7], 2)
		if _, err := conn.Write(binary.BigEndian.AppendUint16(answer, 100*uint16(unit))); err != nil {
			return
		}
		b.is(func() { b.asked[unit] = true })
	}
}

func (b *box) connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served
}

// awaitUnits waits until all units have been asked on a connection.
func (b *box) awaitUnits(connection int, units ...byte) {
	b.t.Helper()
	for deadline := time.After(patience); ; {
		b.mu.Lock()
		served, news, missing := b.served, b.news, 0
		for _, unit := range units {
			if !b.asked[unit] {
				missing++
			}
		}
		b.mu.Unlock()
		if served == connection && missing == 0 {
			return
		}
		select {
		case <-news:
		case <-deadline:
			b.t.Fatalf("connection %d: %d units were not asked", served, missing)
		}
	}
}

// end hangs up, and takes no more calls.
func (b *box) end() {
	b.at.Close()
	b.mu.Lock()
	if b.conn != nil {
		b.conn.Close()
	}
	b.mu.Unlock()
	b.done.Wait()
}
