package command

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// systemd listens to what is told to the service manager, on a socket of its own.
func systemd(t *testing.T) *screen {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify.sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	told, done := newScreen(), make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			_, _ = told.Write(append(b[:n:n], '\n'))
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return told
}

// The whole life of a service: it is ready without a broker, reloads, refuses to, and stops.
func TestRunAsAService(t *testing.T) {
	const file = "mqtt: {broker: 'tcp://127.0.0.1:1', spool: s}\nmapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"
	folder(t, map[string]string{"gw.yaml": file})
	told := systemd(t)
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, stderr := newScreen(), newScreen()
	ended := make(chan int, 1)
	go func() { ended <- Execute(ctx, []string{"run", "-c", "gw.yaml"}, strings.NewReader(""), stdout, stderr) }()
	awaits := func(s *screen, text string) {
		t.Helper()
		if !s.await(waiting, text) {
			t.Errorf("nothing says %q:\nsystemd: %s\nout: %s\nerr: %s", text, told, stdout, stderr)
		}
	}
	reload := func(text string) {
		t.Helper()
		if err := os.WriteFile("gw.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(syscall.SIGHUP)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	awaits(told, "READY=1\nSTATUS=link ")
	awaits(told, "devices: 1 online, 0 down")

	reload("mqtt: {qos: 7}\nlog: {level: debug}\nmapping: {root: home/#}\n")
	awaits(stderr, `msg="configuration refused, what was in force stays" err="mapping.root: `)
	awaits(stderr, `msg="configuration refused, what was in force stays" err="mqtt.qos: 7 `)
	reload(strings.Replace(file, "root: home", "root: house", 1) + "log: {level: debug}\n")
	awaits(stderr, `err="mapping.root: root \"house\" instead of \"home\": another root needs a restart"`)
	if strings.Contains(stdout.String(), "level=DEBUG") {
		t.Errorf("a level was taken over from a file that was refused:\n%s", stdout)
	}
	reload(strings.Replace(file, "none", "other", 1) + "gateway: {name: other}\nlog: {level: debug}\n")
	awaits(stdout, `msg="these options have changed, and need a restart" options="[gateway.name devices[0].params]"`)
	awaits(stdout, `msg="configuration read again"`)
	awaits(stdout, "level=DEBUG")
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("status %d", status)
	}
	awaits(told, "STOPPING=1")
	if n := strings.Count(stderr.String(), "mqtt.spool: without effect at QoS 0"); n != 1 {
		t.Errorf("a warning that stands is told %d times:\n%s", n, stderr)
	}
	if n := strings.Count(told.String(), "RELOADING=1"); n < 3 {
		t.Errorf("%d times reloading, want 3 at least:\n%s", n, told)
	}
}

// A warning is told when it begins to stand, and again only when it has not stood in between.
func TestWarningsAreToldOnce(t *testing.T) {
	var said strings.Builder
	r := &reloader{log: slog.New(slog.NewTextHandler(&said, nil))}
	for _, step := range []struct{ warnings, told string }{
		{"a b b", "a b"},
		{"a b", ""},
		{"b c", "c"},
		{"", ""},
		{"c", "c"},
	} {
		said.Reset()
		r.warn(strings.Fields(step.warnings))
		var told []string
		for line := range strings.Lines(said.String()) {
			_, warning, _ := strings.Cut(strings.TrimSpace(line), "warning=")
			told = append(told, warning)
		}
		if got := strings.Join(told, " "); got != step.told {
			t.Errorf("of %q it tells %q, want %q", step.warnings, got, step.told)
		}
	}
}

func TestHealthSocketThatCannotBe(t *testing.T) {
	folder(t, map[string]string{"h": "no socket", "gw.yaml": "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"})
	got := execute(t, "", "run", "-c", "gw.yaml", "--health.socket", "h", "--mqtt.broker", "tcp://127.0.0.1:1")
	if got.status != 1 || !strings.Contains(got.stderr, "health.socket: ") || !strings.Contains(got.stderr, "is no socket") {
		t.Errorf("got %+v", got)
	}
}

// The taken-over options are options.
func TestReloadedOptionsExist(t *testing.T) {
	known := make(map[string]bool)
	for _, f := range config.Flags() {
		known[f.Key] = true
	}
	for _, key := range reloaded {
		if !known[key] {
			t.Errorf("there is no option %s", key)
		}
	}
}
