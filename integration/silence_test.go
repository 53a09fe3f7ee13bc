package integration

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSilentBroker makes the gateway connect to a listener that accepts and never answers, until a broker takes its
// place.
func TestSilentBroker(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	over := make(chan struct{})
	var attempts tape[bool] // for each attempt: whether it was the only one
	var latest atomic.Pointer[net.Conn]
	silent := listen(t, address, func(conn net.Conn) {
		before := latest.Swap(&conn)
		attempts.add(before == nil || hungUp(*before))
		<-over
	})
	release := sync.OnceFunc(func() { close(over) })
	t.Cleanup(release)
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", "mqtt: {connect_timeout: 1s, lag: 300ms, reconnect: {min: 100ms, max: 100ms}}"+echoing)
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+address)
	const failed = `level=WARN msg="connect failed" … within 1s`
	gateway.says(failed)
	for n := 1; n <= 3; n++ {
		alone, ok := attempts.next(n-1, patience)
		if !ok {
			t.Fatalf("attempt %d never came", n)
		}
		if !alone {
			t.Errorf("attempt %d has begun while the one before was still open", n)
		}
	}
	release()
	silent.close()

	broker := startMosquittoAt(t, address)
	if got := gateway.broker(); got != broker.address {
		t.Errorf("connected to %s, want %s", got, broker.address)
	}
	join(t, address, "#").ask(patience, question, answer)
	gateway.stop()
	gateway.saysOnly(`level=WARN msg="connect failed"`)
}

// hungUp reports whether the peer has closed conn. It drops what the peer has sent.
func hungUp(conn net.Conn) bool {
	// An end that has come already is found without waiting.
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err := io.Copy(io.Discard, conn)
	return err == nil
}

// TestSlowBroker makes a broker answer each CONNECT after the lag. The gateway must make no other attempt meanwhile.
func TestSlowBroker(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	const delay = 1500 * time.Millisecond // three times the lag
	slow := listen(t, freeAddress(t), func(conn net.Conn) { relay(conn, broker.address, delay) })
	dir := t.TempDir()
	gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", echoing), "--mqtt.broker=tcp://"+slow.address)
	line := gateway.says("msg=connected")
	if took := durationAfter(t, line, "took="); took < delay {
		t.Errorf("connecting took %v through a relay that takes %v: %s", took, delay, line)
	}
	join(t, broker.address, "#").ask(patience, question, answer)
	gateway.stop()
	gateway.saysOnly()
	if n := slow.accepted.len(); n != 1 {
		t.Errorf("the gateway has connected %d times, want once", n)
	}
}

// relay passes bytes on between conn and the broker. It delays the broker's first bytes.
func relay(conn net.Conn, address string, delay time.Duration) {
	broker, err := net.Dial("tcp", address)
	if err != nil {
		return // the test notices that conn is closed
	}
	defer broker.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(broker, conn)
		_ = broker.(*net.TCPConn).CloseWrite()
	})
	both.Go(func() {
		first := make([]byte, 1024)
		n, _ := broker.Read(first)
		<-time.After(delay)
		_, _ = conn.Write(first[:n])
		_, _ = io.Copy(conn, broker)
		conn.Close()
	})
	both.Wait()
}

// listener accepts connections in place of a broker.
type listener struct {
	address  string
	accepted tape[struct{}]
	close    func() // closes the listener and all connections; a second call has no effect
}

// listen serves each connection to address, until serve returns or the listener is closed, at the latest when the test
// ends.
func listen(t *testing.T, address string, serve func(net.Conn)) *listener {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{address: address}
	var (
		serving sync.WaitGroup
		mu      sync.Mutex
		open    = make(map[net.Conn]bool)
	)
	l.close = func() {
		ln.Close()
		mu.Lock()
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	}
	t.Cleanup(l.close)
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			l.accepted.add(struct{}{})
			serving.Go(func() {
				serve(conn)
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
				conn.Close()
			})
		}
	})
	return l
}
