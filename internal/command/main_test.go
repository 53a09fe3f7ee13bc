package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	"github.com/mqttgateway/mqttgateway/entity"
)

func TestMain(m *testing.M) {
	devices.Add(devices.Type{Name: "raw"})
	devices.Add(devices.Type{Name: "plain", Check: func(map[string]any) error { return nil }})
	devices.Add(devices.Type{Name: "never", Check: func(map[string]any) error {
		return fmt.Errorf("%w: no such line", devices.ErrConfig)
	}})
	devices.Add(devices.Type{Name: "mixed", Check: func(params map[string]any) error {
		_, err := devices.Decode[struct {
			Baud int `koanf:"baud" doc:"bits per second"`
			Pins int `koanf:"pins" doc:"pins" default:"2"`
		}](params)
		return err
	}})
	devices.Add(devices.Type{Name: "outspoken", Describe: describeByJSON, Check: func(map[string]any) error { return nil }})
	goleak.VerifyTestMain(m)
}

// result is the exit status and the output of a command line.
type result struct {
	status         int
	stdout, stderr string
}

// execute runs a command line until it ends.
func execute(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := Execute(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// folder makes a working directory that contains files, and unsets all environment variables that the program reads.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "MQTTGATEWAY_") {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("HOME", dir)
	t.Chdir(dir)
	return dir
}

// screen is the output of a running program, on which a test can wait for a text.
type screen struct {
	mu      sync.Mutex // guards the fields below
	text    bytes.Buffer
	changed chan struct{} // closed at the next change
}

func newScreen() *screen { return &screen{changed: make(chan struct{})} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await returns true as soon as the screen shows text, or false when ctx is done.
func (s *screen) await(ctx context.Context, text string) bool {
	for {
		s.mu.Lock()
		shows, changed := strings.Contains(s.text.String(), text), s.changed
		s.mu.Unlock()
		if shows {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// broken is an output whose writes fail.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room") }

var _ io.Writer = broken{}

// describeByJSON returns the description that the parameters spell out.
func describeByJSON(params map[string]any) (d entity.Device, err error) {
	b, err := json.Marshal(params)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(b, &d)
}
