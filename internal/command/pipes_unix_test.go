//go:build unix

package command

import (
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// The program refuses a named pipe in place of any file that it reads: reading a pipe could block for ever. The test
// finds all options that name a file by itself, so that it also tries options that are added later.
func TestNamedPipesAreRefused(t *testing.T) {
	folder(t, map[string]string{"gw.yaml": "mapping: {root: home, topics: [home/#]}\n", "bare.yaml": "{}\n", "file": "a:b\n"})
	for _, name := range []string{"pipe", "pipe.yaml", "pipe.conf", "pipe.map"} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := map[string][]string{
		"--config":           {"check", "--config", "pipe.yaml"},
		"--config (legacy)":  {"check", "--device", "dummy", "--config", "pipe.conf"},
		"migrate":            {"migrate", "--device", "dummy", "pipe.conf"},
		"translate --map":    {"translate", "--map", "pipe.map", "--name", "gw"},
		"run --mapping.file": {"run", "-c", "bare.yaml", "--mapping.file=pipe"},
	}
	beside := map[string][]string{ // other flags without which the option is refused
		"mqtt.password_file":  {"--mqtt.username=me"},
		"mqtt.tls.ca_file":    {"--mqtt.broker=ssl://h:1"},
		"mqtt.tls.cert_file":  {"--mqtt.broker=ssl://h:1", "--mqtt.tls.key_file=file"},
		"mqtt.tls.key_file":   {"--mqtt.broker=ssl://h:1", "--mqtt.tls.cert_file=file"},
		"http.cert_file":      {"--http.listen=127.0.0.1:0", "--http.key_file=file"},
		"http.key_file":       {"--http.listen=127.0.0.1:0", "--http.cert_file=file"},
		"embedded.users_file": {"--mqtt.broker=embedded"},
	}
	for _, f := range config.Flags() {
		if strings.HasSuffix(f.Key, "file") {
			of := map[bool]string{true: "bare.yaml", false: "gw.yaml"}[f.Key == "mapping.file"]
			lines[f.Key] = append([]string{"check", "-c", of, "--" + f.Key + "=pipe"}, beside[f.Key]...)
		}
	}
	if len(lines) < 5+6 {
		t.Errorf("%d files are tried, want eleven at least", len(lines))
	}
	for name, line := range lines {
		got := execute(t, "", line...)
		if got.status != 1 || !strings.Contains(got.stderr, ": it is a named pipe: want a regular file\n") {
			t.Errorf("%s: got %+v, want the pipe refused", name, got)
		}
	}
}
