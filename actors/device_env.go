package actors

import (
	"log/slog"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// env is what one opened device sees of the gateway. The next one in its slot gets another.
type env struct {
	slot   *slot
	log    slog.Logger
	closed atomic.Bool
}

var _ devices.Env = (*env)(nil)

func newEnv(p *slot) *env { return &env{slot: p, log: *slog.New((*slotLog)(p))} }

func (e *env) Name() string { return e.slot.Name }

func (e *env) Params() map[string]any { return e.slot.Device.Params }

func (e *env) Log() *slog.Logger { return &e.log }

func (e *env) Emit(msg messages.InternalMsg, options ...devices.EmitOption) devices.Receipt {
	var how devices.Emission
	for _, option := range options {
		option(&how)
	}
	number, receipt := e.slot.receipts.next()
	if number == 0 {
		return receipt
	}
	if e.closed.Load() {
		e.slot.receipts.settle(number, devices.ErrStopped)
		return receipt
	}
	e.slot.counters.Emitted.Add(1)
	e.slot.mapper.send(messages.Emitted{
		Number: number,
		Device: e.slot.Name,
		Msg:    msg,
		Retain: msg.Type() == messages.Status && (how.Retain || e.slot.Retain),
	})
	return receipt
}

func (e *env) Report(err error) {
	e.slot.supervisor.send(messages.Report{Device: e.slot.Name, Err: err})
}
