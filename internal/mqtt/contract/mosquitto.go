package contract

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/loopback"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Limit is longer than any wait in these tests takes; a test that reaches it has failed.
const Limit = 20 * time.Second

// mosquitto starts a mosquitto with a plain listener and the given lines, in which %PORT% stands for another free port.
// It returns the listener's address and an address with the other port. mosquitto ends with the test.
func mosquitto(t testing.TB, lines ...string) (plain, other string) {
	t.Helper()
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		t.Fatalf("this test needs mosquitto on PATH (apt-get install mosquitto; Debian puts it in /usr/sbin): %v", err)
	}
	plain, other = freeAddress(t), freeAddress(t)
	// user: started by root, mosquitto would switch to another user, who may not read the test's files.
	config := "user root\nper_listener_settings true\nlog_dest stderr\nlistener " + port(plain) + " 127.0.0.1\n" +
		strings.ReplaceAll(strings.Join(lines, "\n"), "%PORT%", port(other)) + "\n"
	if !strings.Contains(config, "password_file") {
		config += "allow_anonymous true\n"
	}
	file := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", file)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(said)
	var all []string
	for log.Scan() && !strings.Contains(log.Text(), " running") {
		all = append(all, log.Text())
	}
	drained := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, said)
		close(drained)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-drained
		_ = cmd.Wait()
	})
	c, err := net.Dial("tcp", plain)
	if err != nil {
		t.Fatalf("mosquitto does not run: %v; it said:\n%s", err, strings.Join(all, "\n"))
	}
	c.Close()
	return plain, other
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// freeAddress returns an address on which nobody listens, and which no other test gets until the test ends.
func freeAddress(t testing.TB) string {
	t.Helper()
	address, release, err := loopback.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return address
}

// dial begins a session that reports to e and is killed when the test ends.
func (e Events) dial(t testing.TB, broker, id string, set ...func(*mqtt.Options)) mqtt.Session {
	t.Helper()
	s, err := e.attempt(t, broker, id, set...)
	if err != nil {
		t.Fatalf("dialling %s: %v", broker, err)
	}
	t.Cleanup(func() {
		s.Kill(errors.New("end of the test"))
		<-e.Transport.Gone(s)
	})
	return s
}

func (e Events) attempt(t testing.TB, broker, id string, set ...func(*mqtt.Options)) (mqtt.Session, error) {
	t.Helper()
	o := mqtt.Options{
		Broker:       broker,
		ClientID:     id,
		CleanSession: true,
		KeepAlive:    time.Minute,
		Arrived:      func(m mqtt.Message) { e.Arrived <- m },
		Published:    func(n uint64, err error) { e.Published <- Outcome{n, err} },
		Lost:         func(err error) { e.Lost <- err },
	}
	for _, f := range set {
		f(&o)
	}
	return e.Transport.Dial(t.Context(), o)
}

// Next returns the next value of ch, and fails the test if none comes in time.
func Next[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(Limit):
		t.Fatalf("no %s within %s", what, Limit)
		panic("unreachable")
	}
}
