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
	updates chan Update
	events  chan Event
	teller  *entities.Teller

	mu           sync.Mutex
	opened       bool  // the opener has returned
	misdescribed error // what was wrong with a description before that
	closed       bool
	reports      []error
	forgot       []messages.Address
	refused      []error
	late         []error           // what was said after the end
	views        map[string]string // the retained ones, by name
	lines        []string
	changed      chan struct{}     // closed, and made anew, when values change
	added        map[string]*added // by their full names; nil: nothing can be added
	below        []*Env            // of all that was ever added
	away         bool              // the broker: receipts stay undecided
	undecided    []*receipt
	waited       bool // for one of them
}

var _ devices.Env = (*Env)(nil)

// Emitted is a message that a device sent.
type Emitted struct {
	Msg    messages.InternalMsg
	Retain bool // never true of a command
}

// room is how many emissions wait for Next; more are dropped.
const room = 1000

func newEnv(name string, address messages.Address) *Env {
	e := &Env{
		name: name, address: address, added: make(map[string]*added), changed: make(chan struct{}),
		emitted: make(chan Emitted, room), updates: make(chan Update, room), events: make(chan Event, room),
	}
	e.teller = entities.NewTeller((*listener)(e))
	e.teller.Begin()
	e.log = slog.New(slog.NewTextHandler((*lineWriter)(e), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return e
}

// close is the end of the device's life: from then on nothing that it says counts.
func (e *Env) close() {
	e.teller.End()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}

// Name is the name of the device: that of its type, or what [Name] has given it; HUB.NAME if another one has added it.
func (e *Env) Name() string { return e.name }

// Gateway returns "gateway".
func (e *Env) Gateway() string { return gatewayName }

// Address returns what [At] has given, or {Device: NAME}; or the address with which another device has added this one.
func (e *Env) Address() messages.Address { return e.address }

// Log returns the logger whose output is in Lines.
func (e *Env) Log() *slog.Logger { return e.log }

// Emit puts a message where Next finds it. The receipt is decided at once: kept, or refused for the reasons that a gateway without a
// map has, or since the device is closed.
func (e *Env) Emit(msg messages.InternalMsg, options ...devices.EmitOption) devices.Receipt {
	var how devices.Emission
	for _, option := range options {
		option(&how)
	}
	return e.emit(msg, how.Retain && msg.Type() == messages.Status)
}

func (e *Env) emit(msg messages.InternalMsg, retain bool) devices.Receipt {
	err := encode(msg)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		e.late = noted(e.late, fmt.Errorf("emitted %v", msg))
		return decided(devices.ErrStopped)
	case err != nil:
		e.refused = noted(e.refused, err)
		return decided(fmt.Errorf("%w: %w", devices.ErrRefused, err))
	}
	select {
	case e.emitted <- Emitted{msg, retain}:
	default:
		return decided(devices.ErrDropped)
	}
	if e.away {
		r := &receipt{env: e, done: make(chan struct{})}
		e.undecided = append(e.undecided, r)
		return r
	}
	return decided(nil)
}

// Next takes the earliest emission that is left, and waits for one if there is none.
func (e *Env) Next(within time.Duration) (Emitted, error) {
	return next(e.emitted, within, "emitted")
}

// next takes the earliest of what a device has done, and waits for it.
func next[T any](from <-chan T, within time.Duration, done string) (T, error) {
	select {
	case m := <-from:
		return m, nil
	default:
	}
	select {
	case m := <-from:
		return m, nil
	case <-time.After(within):
		var none T
		return none, fmt.Errorf("nothing %s within %v", done, within)
	}
}

// noted appends errors, until there are enough: a device may go wrong for ever.
func noted(errs []error, more ...error) []error {
	return append(errs, more[:min(len(more), max(0, room-len(errs)))]...)
}

// Report adds to Reports, which holds the first 1,000.
func (e *Env) Report(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reports = noted(e.reports, err)
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
