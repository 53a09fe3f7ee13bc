package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func persistent(o *mqtt.Options) { o.CleanSession = false }

// A message at QoS 2 is sent at QoS 1: at QoS 2, mosquitto drops some of the messages that it acknowledges.
func testQoS2(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "id")
	subscribe(t, s, mqtt.Filter{Topic: "out", QoS: 2})
	for i := range uint64(300) {
		s.Publish(i, mqtt.Message{Topic: "out", QoS: 2})
	}
	s.Flush()
	for range 300 {
		Next(t, e.Arrived, "message").Ack()
		s.Flush()
	}

	subscribe(t, s, mqtt.Filter{Topic: "in", QoS: 2})
	pub := exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", port(address), "-t", "in", "-q", "2", "-l")
	pub.Stdin = strings.NewReader(strings.Repeat("x\n", 300))
	if out, err := pub.CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_pub: %v\n%s", err, out)
	}
	for range 300 {
		m := Next(t, e.Arrived, "message")
		if m.QoS != 2 {
			t.Errorf("arrived with QoS %d", m.QoS)
		}
		m.Ack()
		s.Flush()
	}
}

func subscribe(t testing.TB, s mqtt.Session, filters ...mqtt.Filter) {
	t.Helper()
	grants, err := s.Subscribe(t.Context(), filters)
	if err != nil {
		t.Fatalf("subscribing: %v", err)
	}
	for i, g := range grants {
		if g.Filter != filters[i].Topic || g.QoS != filters[i].QoS {
			t.Fatalf("granted %v, want %v", g, filters[i])
		}
	}
}

func closeInTime(t testing.TB, s mqtt.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	s.Close(ctx)
	if ctx.Err() != nil {
		t.Fatalf("Close took more than %s", Limit)
	}
}

func testCredentials(t *testing.T, tr Transport) {
	passwords := filepath.Join(t.TempDir(), "passwords")
	create := exec.Command("mosquitto_passwd", "-b", "-c", passwords, "me", "s3cret")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %v\n%s", err, out)
	}
	if err := os.Chmod(passwords, 0o644); err != nil {
		t.Fatal(err)
	}
	address, _ := mosquitto(t, "password_file "+passwords)

	e := NewEvents(tr)
	closeInTime(t, e.dial(t, "tcp://"+address, "id", func(o *mqtt.Options) { o.Username, o.Password = "me", "s3cret" }))
	closeInTime(t, e.dial(t, "tcp://me:s3cret@"+address, "id"))
	for _, bad := range []string{"tcp://" + address, "tcp://me:wrong@" + address} {
		_, err := e.attempt(t, bad, "id")
		if !errors.Is(err, mqtt.NotAuthorized) || !mqtt.Permanent(err) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: got %v, permanent %t", bad, err, mqtt.Permanent(err))
		}
	}
}

// A message that was not acknowledged is sent again; an acknowledged one is not.
func testPersistentSession(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "keeper", persistent)
	if s.Present() {
		t.Error("a session is present at the first time")
	}
	subscribe(t, s, mqtt.Filter{Topic: "a", QoS: 1})
	for i := range uint64(3) {
		s.Publish(i, mqtt.Message{Topic: "a", Payload: fmt.Sprint(i), QoS: 1})
	}
	s.Flush()
	for range 3 {
		if m := Next(t, e.Arrived, "message"); m.Payload != "1" {
			m.Ack()
			s.Flush()
		}
	}
	closeInTime(t, s)

	e = NewEvents(tr)
	s = e.dial(t, "tcp://"+address, "keeper", persistent)
	m := Next(t, e.Arrived, "message")
	if m.Payload != "1" || !m.Duplicate || !s.Present() {
		t.Errorf("the next session: %q, duplicate %t, present %t", m.Payload, m.Duplicate, s.Present())
	}
	m.Ack()
	s.Flush()
	closeInTime(t, s)

	e = NewEvents(tr)
	s = e.dial(t, "tcp://"+address, "keeper", persistent)
	subscribe(t, s, mqtt.Filter{Topic: "end", QoS: 0})
	s.Publish(1, mqtt.Message{Topic: "end"})
	s.Flush()
	if m := Next(t, e.Arrived, "message"); m.Topic != "end" {
		t.Errorf("an acknowledged message came again: %q", m.Payload)
	}
}

func testWill(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	watcher := e.dial(t, "tcp://"+address, "watcher")
	subscribe(t, watcher, mqtt.Filter{Topic: "will/#", QoS: 0})
	will := func(topic string) func(*mqtt.Options) {
		return func(o *mqtt.Options) { o.Will = &mqtt.Message{Topic: topic, Payload: "gone"} }
	}
	for i := range 20 {
		s := NewEvents(tr).dial(t, "tcp://"+address, "orderly", will("will/closed"))
		s.Publish(1, mqtt.Message{Topic: "will/last/words"})
		s.Flush()
		closeInTime(t, s)
		if m := Next(t, e.Arrived, "message"); m.Topic != "will/last/words" {
			t.Fatalf("round %d: %s", i, m.Topic)
		}
	}
	NewEvents(tr).dial(t, "tcp://"+address, "killed", will("will/killed")).Kill(nil)
	if m := Next(t, e.Arrived, "will"); m.Topic != "will/killed" || m.Payload != "gone" {
		t.Errorf("got %s %q", m.Topic, m.Payload)
	}
}

func testTakenOver(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	e.dial(t, "tcp://"+address, "same")
	NewEvents(tr).dial(t, "tcp://"+address, "same")
	if err := Next(t, e.Lost, "loss"); !errors.Is(err, io.EOF) {
		t.Errorf("lost by %v, want io.EOF", err)
	}
}

func testRetained(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "id")
	s.Publish(1, mqtt.Message{Topic: "r", Payload: "kept", QoS: 1, Retained: true})
	s.Flush()
	Next(t, e.Published, "outcome")
	subscribe(t, s, mqtt.Filter{Topic: "r", QoS: 0})
	if m := Next(t, e.Arrived, "message"); !m.Retained || m.Payload != "kept" {
		t.Errorf("got %+v", m)
	}
}

// mosquitto hangs up on these messages. If one of them were kept for the next session, it would end that session, too.
func testPoisonIsRefused(t *testing.T, tr Transport) {
	address, _ := mosquitto(t)
	e := NewEvents(tr)
	s := e.dial(t, "tcp://"+address, "id")
	poison := []mqtt.Message{{Topic: ""}, {Topic: "a/+"}, {Topic: "a\tb"}, {Topic: "a\xff"}, {Topic: "a", QoS: 3}}
	for i, m := range poison {
		s.Publish(uint64(i), m)
	}
	s.Publish(uint64(len(poison)), mqtt.Message{Topic: "a", QoS: 1})
	s.Flush()
	outcomes := make(map[uint64]error) // only in order for each QoS
	for range len(poison) + 1 {
		o := Next(t, e.Published, "outcome")
		outcomes[o.Number] = o.Err
	}
	for i, m := range poison {
		if outcomes[uint64(i)] == nil {
			t.Errorf("%+v was not refused", m)
		}
	}
	if err, ok := outcomes[uint64(len(poison))]; err != nil || !ok {
		t.Errorf("a good message behind them: %v", err)
	}
}
