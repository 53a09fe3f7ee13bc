package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is longer than any wait in these tests takes; a test that reaches it has failed.
const limit = 20 * time.Second

func start(t *testing.T) *Broker {
	t.Helper()
	b, err := Start(Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

type client struct {
	mqtt.Session
	arrived   chan mqtt.Message
	published chan error
	lost      chan error
}

func dial(t *testing.T, b *Broker, id string, clean bool) *client {
	t.Helper()
	c, err := try(t, b, mqtt.Options{ClientID: id, CleanSession: clean})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dialGateway connects as the gateway.
func dialGateway(t *testing.T, b *Broker) *client {
	t.Helper()
	name, password := b.Account()
	c, err := try(t, b, mqtt.Options{ClientID: "gw", Username: name, Password: password, CleanSession: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// try connects with options o.
func try(t *testing.T, b *Broker, o mqtt.Options) (*client, error) {
	t.Helper()
	c := &client{
		arrived:   make(chan mqtt.Message, 10000),
		published: make(chan error, 10000),
		lost:      make(chan error, 1),
	}
	o.Broker, o.KeepAlive = b.URL(), time.Minute
	o.Arrived = func(m mqtt.Message) { m.Ack(); c.arrived <- m }
	o.Published = func(_ uint64, err error) { c.published <- err }
	o.Lost = func(err error) { c.lost <- err }
	session, err := direct.Dial(t.Context(), o)
	if err != nil {
		return nil, err
	}
	c.Session = session
	t.Cleanup(func() { c.Kill(nil) })
	return c, nil
}

// publish sends m, and waits until the broker has acknowledged m or, at QoS 0, until m is written.
func (c *client) publish(t *testing.T, m mqtt.Message) {
	t.Helper()
	c.Publish(0, m)
	c.Flush()
	if err := next(t, c.published, "outcome"); err != nil {
		t.Fatal(err)
	}
}

func (c *client) subscribe(t *testing.T, filter string) {
	t.Helper()
	grants, err := c.Subscribe(t.Context(), []mqtt.Filter{{Topic: filter, QoS: 1}})
	if err != nil || grants[0].QoS != 1 {
		t.Fatalf("subscribing to %s: %v, %v", filter, grants, err)
	}
}

func next[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(limit):
		t.Fatalf("no %s within %s", what, limit)
		panic("unreachable")
	}
}

// closes checks that b closes before the patience with connections that send nothing has ended.
func closes(t *testing.T, b *Broker) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Close()
	}()
	select {
	case <-done:
	case <-time.After(patience / 2):
		t.Fatalf("Close takes more than %s", patience/2)
	}
}

func TestMessagesPass(t *testing.T) {
	c := dial(t, start(t), "id", true)
	c.subscribe(t, "a/#")
	const n = 2000
	for i := range uint64(n) {
		c.Publish(i, mqtt.Message{Topic: "a/b", Payload: fmt.Sprint(i), QoS: byte(i % 2)})
		c.Flush()
	}
	for i := range n {
		if err := next(t, c.published, "outcome"); err != nil {
			t.Fatal(err)
		}
		if m := next(t, c.arrived, "message"); m.Payload != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
}

func TestCommandLineClients(t *testing.T) {
	b := start(t)
	host, port, _ := net.SplitHostPort(address(b))
	publish := func(args ...string) {
		t.Helper()
		args = append([]string{"-h", host, "-p", port}, args...)
		if out, err := exec.Command("mosquitto_pub", args...).CombinedOutput(); err != nil {
			t.Fatalf("mosquitto_pub (apt-get install mosquitto-clients): %v\n%s", err, out)
		}
	}
	c := dial(t, b, "id", true)
	c.subscribe(t, "in")
	publish("-t", "in", "-m", "hello", "-q", "1")
	if m := next(t, c.arrived, "message"); m.Payload != "hello" {
		t.Errorf("got %q", m.Payload)
	}
	publish("-t", "kept", "-m", "retained", "-r")
	out, err := exec.Command("mosquitto_sub", "-h", host, "-p", port, "-t", "kept", "-C", "1", "-W", "20").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "retained" {
		t.Errorf("mosquitto_sub: %q, %v", out, err)
	}
}

func TestPersistentSession(t *testing.T) {
	b := start(t)
	c := dial(t, b, "keeper", false)
	c.subscribe(t, "a")
	c.Close(t.Context())

	other := dial(t, b, "other", true)
	other.Publish(1, mqtt.Message{Topic: "a", Payload: "meanwhile", QoS: 1})
	other.Flush()
	next(t, other.published, "outcome")
	c = dial(t, b, "keeper", false)
	if m := next(t, c.arrived, "message"); m.Payload != "meanwhile" || !c.Present() {
		t.Errorf("got %q, present %t", m.Payload, c.Present())
	}
}

func TestAnotherPortIfTaken(t *testing.T) {
	first := start(t)
	var said bytes.Buffer
	second, err := Start(Options{Address: address(first), Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if address(second) == address(first) || second.URL() != "tcp://"+address(second) {
		t.Errorf("first %s, second %s, %s", address(first), address(second), second.URL())
	}
	if !strings.Contains(said.String(), address(second)) {
		t.Errorf("the log does not name the port: %s", said.String())
	}
	dial(t, second, "id", true)
}

func TestLoopbackOnly(t *testing.T) {
	for _, address := range []string{":1883", "0.0.0.0:1883", "[::]:1883", "192.0.2.1:1883"} {
		b, err := Start(Options{Address: address})
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "not loopback") {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if _, err := Start(Options{Address: "127.0.0.1"}); err == nil {
		t.Error("an address without a port was accepted")
	}
}

func TestCloseTwice(t *testing.T) {
	b := start(t)
	var both sync.WaitGroup
	both.Go(b.Close)
	both.Go(b.Close)
	both.Wait()
	b.Close()
	if c, err := net.Dial("tcp", address(b)); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestCloseEndsSessions(t *testing.T) {
	b := start(t)
	c := dial(t, b, "id", true)
	closes(t, b)
	if err := next(t, c.lost, "loss"); !errors.Is(err, io.EOF) {
		t.Errorf("lost by %v, want io.EOF", err)
	}
}

// The broker delivers what the gateway publishes right before the broker closes.
func TestCloseDeliversWhatWasSaid(t *testing.T) {
	b := start(t)
	c := dial(t, b, "listener", true)
	c.subscribe(t, "a/#")
	p := dial(t, b, "publisher", true)
	const n = 3000
	for i := range uint64(n) {
		p.Publish(i, mqtt.Message{Topic: "a/b", Payload: fmt.Sprintf("%01000d", i)})
		p.Flush()
	}
	p.Session.Close(t.Context())
	closes(t, b)
	for i := range n {
		if m := next(t, c.arrived, "message"); m.Payload != fmt.Sprintf("%01000d", i) {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
}

// mochi's own Close would wait for a connection that sends nothing until the client closes it.
func TestCloseWithAConnectionThatSaysNothing(t *testing.T) {
	b := start(t)
	c, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dial(t, b, "id", true) // so the broker has accepted the connection before
	closes(t, b)
}

// While a subscriber does not read, mochi holds the lock that disconnecting the subscriber needs.
func TestCloseWithASubscriberThatDoesNotRead(t *testing.T) {
	t.Parallel()
	b := start(t)
	c, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Write([]byte("\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03bad" + "\x82\x06\x00\x01\x00\x01a\x01"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 4+5)); err != nil { // wait for CONNACK and SUBACK
		t.Fatal(err)
	}
	p := dial(t, b, "publisher", true)
	for i := range uint64(400) {
		p.Publish(i, mqtt.Message{Topic: "a", Payload: string(make([]byte, 64<<10)), QoS: 1})
		p.Flush()
	}
	next(t, p.published, "outcome")
	closes(t, b)
}

func TestAllItSaysIsDebug(t *testing.T) {
	var said lines
	b, err := Start(Options{Address: "127.0.0.1:0", Log: slog.New(&said)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")) // no MQTT packet: mochi logs a warning
	_, _ = io.Copy(io.Discard, c)
	c.Close()
	b.Close()
	said.mu.Lock()
	defer said.mu.Unlock()
	if len(said.all) == 0 {
		t.Error("nothing was said")
	}
	for _, r := range said.all {
		if r.Level != slog.LevelDebug {
			t.Errorf("%s: %s", r.Level, r.Message)
		}
	}
}

// lines is a slog.Handler that keeps all records.
type lines struct {
	mu  sync.Mutex
	all []slog.Record
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
	return nil
}
