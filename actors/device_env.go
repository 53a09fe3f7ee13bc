package actors

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// env is what one opened devices.Device sees of the gateway. When the device is opened again, it gets another env.
type env struct {
	device *device
	log    slog.Logger
	closed atomic.Bool

	opened       atomic.Bool           // the opener has returned
	misdescribed atomic.Pointer[error] // the error of a description that the opener has given; nil: none

	adding sync.Mutex      // guards what follows
	added  map[string]bool // the full names of the devices that it has added and not removed; nil before the first
	left   bool            // this life adds no device any more
}

var _ devices.Env = (*env)(nil)

func newEnv(d *device) *env { return &env{device: d, log: *slog.New((*deviceLog)(d))} }

func (e *env) Name() string { return e.device.config.Name }

func (e *env) Gateway() string { return e.device.shared.gateway }

func (e *env) Address() messages.Address { return e.device.address() }

// address returns what the device's own messages are about.
func (d *device) address() messages.Address {
	return addressOf(d.config)
}

func (e *env) Forget(about messages.Address) {
	if !e.closed.Load() && !e.device.abandoned.Load() {
		e.device.shared.mapper.send(messages.Forget{Device: e.device.config.Name, About: about})
	}
}

func (e *env) Log() *slog.Logger { return &e.log }

func (e *env) Emit(msg messages.InternalMsg, options ...devices.EmitOption) devices.Receipt {
	var how devices.Emission
	for _, option := range options {
		option(&how)
	}
	number, receipt := e.device.shared.receipts.next()
	if number == 0 {
		return receipt
	}
	if e.over() {
		e.device.shared.receipts.resolve(number, devices.ErrStopped)
		return receipt
	}
	e.device.emit(number, msg, msg.Type() == messages.Status && (how.Retain || e.device.config.Retain))
	return receipt
}

// emit sends a message to the mapper. Number is that of the receipt, 0 if there is none.
func (d *device) emit(number uint64, msg messages.InternalMsg, retain bool) {
	d.recordOut(msg)
	d.shared.counters.Emitted.Add(1)
	d.counters.emitted.Add(1)
	d.shared.mapper.send(messages.Emitted{Number: number, Device: d.config.Name, Msg: msg, Retain: retain})
}

func (e *env) Report(err error) {
	if !e.closed.Load() {
		e.device.inform(messages.Report{Device: e.device.config.Name, Err: err})
	}
}

// deviceLog is the device as the handler of its own log. A handler that attaches the device's name takes more memory than the
// device: deviceLog makes one when the device logs its first line, which most of many devices never do.
type deviceLog device

var _ slog.Handler = (*deviceLog)(nil)

// Enabled implements slog.Handler.
func (l *deviceLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.shared.log.Handler().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *deviceLog) Handle(ctx context.Context, r slog.Record) error { return l.named().Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (l *deviceLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.named().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l *deviceLog) WithGroup(name string) slog.Handler { return l.named().WithGroup(name) }

func (l *deviceLog) named() slog.Handler {
	if h := l.log.Load(); h != nil {
		return *h
	}
	h := l.shared.log.With("device", l.config.Name).Handler()
	l.log.CompareAndSwap(nil, &h)
	return *l.log.Load()
}
