package devicetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func init() {
	devices.Register("talker", openTalker)
	devices.Register("listener", func(_ context.Context, _ devices.Env, p params) (devices.Device, error) {
		switch p.How {
		case "fail":
			return nil, errNoPort
		case "panic":
			panic("opener")
		case "nothing":
			return nil, nil
		}
		return listener{}, nil
	})
}

var (
	errNoPort = errors.New("no such port")
	errBroken = errors.New("line broken")
)

// params say how a test's device goes wrong.
type params struct {
	How string `koanf:"how" default:"" doc:"fail, panic, nothing, stay, leave, break or stuck port"`
}

// listener has no Run. It does as the action says.
type listener struct{}

func (listener) Handle(ctx context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "PANIC":
		panic("lamp on fire")
	case "HANG":
		<-ctx.Done()
		return ctx.Err()
	}
	return devices.ErrAction
}

func (listener) Close() error { return nil }

// talker emits once a minute.
type talker struct {
	env    devices.Env
	how    string
	closed chan struct{}
}

func openTalker(_ context.Context, env devices.Env, p params) (devices.Device, error) {
	return &talker{env, p.How, make(chan struct{})}, nil
}

func (t *talker) Handle(_ context.Context, msg messages.InternalMsg) error {
	t.env.Emit(msg, devices.Retain())
	t.env.Emit(msg.WithType(messages.Status), devices.Retain())
	t.env.Emit(msg.WithType(messages.Status))
	t.env.Log().Debug("handled", "action", msg.Action())
	t.env.Report(errBroken)
	return nil
}

func (t *talker) Run(ctx context.Context) error {
	switch t.how {
	case "leave":
		return nil
	case "break":
		return errBroken
	case "panic":
		panic("reader")
	case "stay":
		time.Sleep(time.Minute)
	}
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			<-t.closed // as a reader does whose port must be closed
			return ctx.Err()
		case <-minute.C:
			t.env.Emit(messages.New(messages.Status, messages.Address{}, "ALIVE"))
		}
	}
}

func (t *talker) Close() error {
	close(t.closed)
	t.env.Emit(messages.New(messages.Status, messages.Address{}, "BYE"))
	if t.how == "stuck port" {
		return errBroken
	}
	return nil
}

func TestOpenGoesWrong(t *testing.T) {
	for _, row := range []struct {
		name, typ string
		params    map[string]any
		is        error
		says      string
	}{
		{"unknown type", "liistener", nil, nil, `unknown device type "liistener" (have "actor", "bridge", `},
		{"misspelt parameter", "listener", map[string]any{"hwo": "fail"}, devices.ErrConfig, "hwo: unknown option; did you mean how?"},
		{"error", "listener", map[string]any{"how": "fail"}, errNoPort, "no such port"},
		{"panic", "listener", map[string]any{"how": "panic"}, nil, "panic: opener\n"},
		{"no device", "listener", map[string]any{"how": "nothing"}, nil, "returned no device"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := devicetest.Open(row.typ, row.params)
			if d != nil || err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("opened %v, error %v; want an error that says %q", d, err, row.says)
			}
			if row.is != nil && !errors.Is(err, row.is) {
				t.Errorf("error %q is not %q", err, row.is)
			}
		})
	}
}

func TestHandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "listener", nil)
		for _, row := range []struct {
			action string
			is     error
			says   string
			takes  time.Duration
		}{
			{"REFUSE", devices.ErrAction, "", 0},
			{"HANG", context.DeadlineExceeded, "", 10 * time.Second},
			{"PANIC", nil, "panic: lamp on fire\n", 0},
		} {
			began := time.Now()
			err := d.Handle(messages.New(messages.Command, messages.Address{}, row.action))
			if err == nil || row.is != nil && !errors.Is(err, row.is) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: error %v, want %v that says %q", row.action, err, row.is, row.says)
			}
			if took := time.Since(began); took != row.takes {
				t.Errorf("%s: took %v, want %v", row.action, took, row.takes)
			}
			if row.action == "PANIC" && !strings.Contains(err.Error(), "listener.Handle") {
				t.Errorf("the stack does not lead to the panic: %v", err)
			}
		}
	})
}

func TestWhatTheDeviceSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "talker", nil)
		command := messages.New(messages.Command, messages.Address{Location: "Hall"}, "ON")
		status := command.WithType(messages.Status)
		if err := d.Handle(command); err != nil {
			t.Fatal(err)
		}
		for _, want := range []devicetest.Emitted{{Msg: command}, {Msg: status, Retain: true}, {Msg: status}} {
			if got, err := d.Next(0); err != nil || !got.Msg.Equal(want.Msg) || got.Retain != want.Retain {
				t.Errorf("emitted %v, error %v; want %v", got, err, want)
			}
		}
		if got, err := d.Next(59 * time.Second); err == nil {
			t.Errorf("emitted %v in less than a minute", got)
		}
		if got, err := d.Next(2 * time.Second); err != nil || got.Msg.Action() != "ALIVE" {
			t.Errorf("emitted %v, error %v; want ALIVE after a minute", got, err)
		}
		if got, want := d.Lines(), []string{`level=DEBUG msg=handled action=ON`}; !slices.Equal(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
		if got, want := d.Reports(), []error{errBroken}; !slices.Equal(got, want) {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}

// Last words can be taken after Close; then the door is shut, as the receipt says.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "talker", nil)
		alive := d.Emit(messages.New(messages.Status, messages.Address{}, "ALIVE"))
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		late := d.Emit(messages.New(messages.Status, messages.Address{}, "LATE"))
		<-alive.Done()
		<-late.Done()
		if alive.Err() != nil || !errors.Is(late.Err(), devices.ErrStopped) {
			t.Errorf("receipts say %v and, after Close, %v; want <nil> and %v", alive.Err(), late.Err(), devices.ErrStopped)
		}
		for _, want := range []string{"ALIVE", "BYE"} {
			if got, err := d.Next(0); err != nil || got.Msg.Action() != want {
				t.Errorf("emitted %v, error %v; want %s", got, err, want)
			}
		}
		if got, err := d.Next(time.Minute); err == nil {
			t.Errorf("emitted %v after Close", got)
		}
	})
}

// A device that never stops emitting must not block, nor its test run out of memory.
func TestEmitNeverBlocks(t *testing.T) {
	d := devicetest.Start(t, "listener", nil)
	status := messages.New(messages.Status, messages.Address{}, "ON")
	for range 1000 {
		if err := d.Emit(status).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Emit(status).Err(); !errors.Is(err, devices.ErrDropped) {
		t.Errorf("receipt of the 1001st that nobody takes says %v, want %v", err, devices.ErrDropped)
	}
}

func TestEndGoesWrong(t *testing.T) {
	for _, row := range []struct{ how, says string }{
		{"leave", "run ended before it was told to"},
		{"break", "run: line broken"},
		{"panic", "panic: reader\n"},
		{"stay", "run goes on 10s after it was told to end"},
		{"stuck port", "line broken"},
	} {
		t.Run(row.how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{TB: t}
				devicetest.Start(r, "talker", map[string]any{"how": row.how})
				synctest.Wait()
				r.end()
				time.Sleep(time.Hour) // until the one that stays has left the bubble
				if len(r.errors) != 1 || !strings.Contains(r.errors[0], row.says) {
					t.Errorf("the test failed with %q, want that it says %q", r.errors, row.says)
				}
			})
		})
	}
}

func TestStartFails(t *testing.T) {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		devicetest.Start(r, "listener", map[string]any{"how": "fail"})
	}()
	<-done
	if want := []string{"open listener: no such port"}; !slices.Equal(r.errors, want) {
		t.Errorf("the test failed with %q, want %q", r.errors, want)
	}
}

// recorder is a test whose failing is what is wanted.
type recorder struct {
	testing.TB
	errors  []string
	cleanup []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }

func (r *recorder) end() {
	for _, f := range r.cleanup {
		f()
	}
}
