package command

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/service"
)

// serveHealth runs the health socket of a gateway whose actors answer with err, and returns its path.
func serveHealth(t *testing.T, err error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "health.sock")
	s, startErr := service.Start(t.Context(), service.Options{
		Requests: service.NewRequests(),
		Alive:    func(context.Context) error { return err },
		State: func() service.State {
			return service.State{Link: "connected", Devices: service.Devices{Online: 3, Down: 1}}
		},
		Reload: func(context.Context) service.Difference { return service.Difference{} },
		Diff:   func(context.Context) service.Difference { return service.Difference{} },
		Socket: path,
		Log:    slog.New(slog.DiscardHandler),
	})
	if startErr != nil {
		t.Fatal(startErr)
	}
	t.Cleanup(s.Close)
	return path
}

func TestHealth(t *testing.T) {
	dir := t.TempDir()
	mute := filepath.Join(dir, "mute.sock") // accepts connections and writes nothing, like a stopped process
	l, err := net.Listen("unix", mute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, []byte("gateway: {name: lamps}\nmapping: {root: home, topics: [home/#]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	faulty := filepath.Join(dir, "faulty.yaml")
	if err := os.WriteFile(faulty, []byte("mqtt: {qos: 7}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	well := serveHealth(t, nil)

	tests := []struct {
		name       string
		args       []string
		configured string // health.socket in the configuration
		stdout     string
		err        string // "": the exit status is 0
	}{
		{
			name:   "well",
			args:   []string{"--health.socket", well},
			stdout: `{"ok":true,"status":"link connected, devices: 3 online, 1 down","link":"connected","devices":{"online":3,"opening":0,"down":1}}` + "\n",
		},
		{
			name:       "the socket of the configuration",
			args:       []string{"--config", file},
			configured: well,
			stdout:     `{"ok":true,`,
		},
		{
			name:   "the flag needs no configuration",
			args:   []string{"--config", faulty, "--health.socket", well},
			stdout: `{"ok":true,`,
		},
		{
			name: "a faulty configuration without a socket",
			args: []string{"--config", faulty},
			err:  "mqtt.qos",
		},
		{
			name:       "the socket of a faulty configuration",
			args:       []string{"--config", faulty},
			configured: well,
			stdout:     `{"ok":true,`,
		},
		{
			name:   "not well",
			args:   []string{"--health.socket", serveHealth(t, errors.New("mapper has not answered"))},
			stdout: `{"ok":false,"status":"gateway does not answer: mapper has not answered","link":"connected",`,
			err:    "not well: gateway does not answer: mapper has not answered",
		},
		{
			name: "nobody there",
			args: []string{"--health.socket", filepath.Join(dir, "none.sock")},
			err:  "no gateway listens: dial unix ",
		},
		{
			name: "no answer",
			args: []string{"--health.socket", mute},
			err:  `mute.sock": time is up after 1.5s`,
		},
		{
			name: "no socket configured",
			args: []string{"--config", file},
			err:  "set health.socket in the configuration, or give --health.socket PATH",
		},
		{
			name: "too much",
			args: []string{file},
			err:  "did you mean --config",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := newHealth(func(*config.Loaded) string { return test.configured })
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			cmd.SetArgs(test.args)
			cmd.SetOut(&stdout)
			cmd.SetErr(&stderr)
			begun := time.Now()
			err := cmd.ExecuteContext(t.Context())
			if took := time.Since(begun); took > patience {
				t.Errorf("it took %v", took)
			}
			switch {
			case test.err == "" && err != nil:
				t.Errorf("error %q, want none", err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("error %v, want %q in it", err, test.err)
			}
			if got := stdout.String(); !strings.HasPrefix(got, test.stdout) || test.stdout == "" && got != "" {
				t.Errorf("printed %q, want %q", got, test.stdout)
			}
			if stderr.Len() > 0 {
				t.Errorf("printed %q on standard error, want nothing", &stderr)
			}
		})
	}
}
