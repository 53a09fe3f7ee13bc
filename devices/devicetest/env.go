package devicetest

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Env is the devices.Env of a [Device]: it keeps what the device says. It is safe for concurrent use.
type Env struct {
	name    string
	hub     *Env // that has added the device; nil: none has
	address messages.Address
	log     *slog.Logger
	emitted chan Emitted
	teller  *entities.Teller

	mu           sync.Mutex
	opened       bool  // the opener has returned
	misdescribed error // what was wrong with a description before that
	closed       bool
	reports      []error
	forgot       []messages.Address
	views        map[string]string // the retained ones, by name
	lines        []string
	added        map[string]*added // by their full names; nil: nothing can be added
}

// Emitted is a message that a device sent.
type Emitted struct {
	Msg    messages.InternalMsg
	Retain bool // never true of a command
}

// room is how many emissions wait for Next; more are dropped.
const room = 1000

func newEnv(name string) *Env {
	e := &Env{name: name, address: messages.Address{Device: name}, emitted: make(chan Emitted, room), added: make(map[string]*added)}
	e.teller = entities.NewTeller((*listener)(e))
	e.teller.Begin()
	e.log = slog.New(slog.NewTextHandler((*lineWriter)(e), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return e
}

// Name is the name of the device's type; of a device that another has added it is HUB.NAME.
func (e *Env) Name() string { return e.name }

// Log returns the logger whose output is in Lines.
func (e *Env) Log() *slog.Logger { return e.log }

// Emit puts a message where Next finds it. The receipt is decided at once: kept, or refused if the device is closed.
func (e *Env) Emit(msg messages.InternalMsg, options ...devices.EmitOption) devices.Receipt {
	var how devices.Emission
	for _, option := range options {
		option(&how)
	}
	return e.emit(msg, how.Retain && msg.Type() == messages.Status)
}

func (e *Env) emit(msg messages.InternalMsg, retain bool) devices.Receipt {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return receipt{devices.ErrStopped}
	}
	select {
	case e.emitted <- Emitted{msg, retain}:
		return receipt{}
	default:
		return receipt{devices.ErrDropped}
	}
}

// Next takes the earliest emission that is left, and waits for one if there is none.
func (e *Env) Next(within time.Duration) (Emitted, error) {
	select {
	case m := <-e.emitted:
		return m, nil
	default:
	}
	select {
	case m := <-e.emitted:
		return m, nil
	case <-time.After(within):
		return Emitted{}, fmt.Errorf("nothing emitted within %v", within)
	}
}

// Report adds to Reports.
func (e *Env) Report(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reports = append(e.reports, err)
}

// Reports returns the errors that the device has reported so far.
func (e *Env) Reports() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.reports)
}

// Forget adds to Forgotten.
func (e *Env) Forget(about messages.Address) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgot = append(e.forgot, about)
}

// Forgotten returns the addresses of which the device has had the broker forget so far what the device had said about them.
func (e *Env) Forgotten() []messages.Address {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.forgot)
}

// Lines returns what the device has logged so far, at any level, such as `level=INFO msg=opened port=/dev/null`.
func (e *Env) Lines() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.lines)
}

// lineWriter is an Env as its log's handler sees it.
type lineWriter Env

// Write takes one line, and cuts off the time.
func (w *lineWriter) Write(line []byte) (int, error) {
	_, text, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, text)
	return len(line), nil
}

// receipt is one that is decided.
type receipt struct{ err error }

func (receipt) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (r receipt) Err() error { return r.err }
