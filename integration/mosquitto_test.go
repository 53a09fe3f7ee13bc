package integration

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/loopback"
)

// mosquitto is a real broker on a free port of 127.0.0.1. It ends with its test.
type mosquitto struct {
	t       testing.TB
	address string // host:port
	config  string // path
	process *os.Process
	kill    func() // ends it by SIGKILL; a second call has no effect
}

// startMosquitto starts a mosquitto with additional lines in its configuration. It accepts every client, unless the
// lines say otherwise.
func startMosquitto(t testing.TB, lines ...string) *mosquitto {
	t.Helper()
	return startMosquittoAt(t, freeAddress(t), lines...)
}

func startMosquittoAt(t testing.TB, address string, lines ...string) *mosquitto {
	t.Helper()
	_, port, _ := net.SplitHostPort(address)
	config := append([]string{
		"user root", // started by root, mosquitto would switch to a user who can't read the test's files
		"log_dest stderr",
		"listener " + port + " 127.0.0.1",
		"set_tcp_nodelay true",
		"max_queued_messages 0",
	}, lines...)
	if !strings.Contains(strings.Join(lines, "\n"), "allow_anonymous") {
		config = append(config, "allow_anonymous true")
	}
	m := &mosquitto{t: t, address: address}
	m.config = write(t, t.TempDir(), "mosquitto.conf", strings.Join(config, "\n")+"\n")
	m.start()
	return m
}

// start starts the broker, also after it was killed, and returns when the broker listens.
func (m *mosquitto) start() {
	m.t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		m.t.Fatalf("these tests need mosquitto, which is not on PATH (apt-get install mosquitto): %v", err)
	}
	cmd := exec.Command(path, "-c", m.config)
	cmd.Dir = filepath.Dir(m.config)
	said, err := cmd.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	mortal(cmd)
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.process = cmd.Process
	ended := make(chan struct{})
	m.kill = func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	m.t.Cleanup(m.kill)
	lines := bufio.NewScanner(said)
	var all []string
	runs := false
	for !runs && lines.Scan() {
		all = append(all, lines.Text())
		runs = strings.HasSuffix(lines.Text(), " running")
	}
	go func() {
		_, _ = io.Copy(io.Discard, said)
		_ = cmd.Wait()
		close(ended)
	}()
	if !runs {
		m.t.Fatalf("mosquitto does not run:\n%s", strings.Join(all, "\n"))
	}
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
