package devicetest

import (
	"fmt"
	"sync"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gatewayName is that of the gateway that the kit plays.
const gatewayName = "gateway"

// codec is that of a gateway without a map.
var codec = sync.OnceValue(func() *mapping.Codec {
	file, _, err := mapping.Plain("root", nil)
	if err != nil {
		panic(err)
	}
	c, err := mapping.New(gatewayName, file)
	if err != nil {
		panic(err)
	}
	return c
})

// encode returns why a gateway without a map would not let a message out.
func encode(msg messages.InternalMsg) error {
	_, _, err := codec().Encode(msg)
	return err
}

// checkWords returns what the entities of a description would say that a gateway without a map would not let out.
func checkWords(d entity.Device) (faults []error) {
	for i := range d.Entities {
		e := &d.Entities[i]
		status := messages.New(messages.Status, d.AddressOf(e), entity.ActionState)
		said := []messages.InternalMsg{}
		if e.Kind.HasValue() {
			said = append(said, status.WithArg(e.ID, messages.Value{}))
		}
		for _, word := range e.Actions() {
			said = append(said, status.WithAction(word.Action))
		}
		for _, msg := range said {
			if err := encode(msg); err != nil {
				faults = append(faults, fmt.Errorf("entity %q: %w", e.ID, err))
			}
		}
	}
	return faults
}

// Refused returns, and forgets, what a gateway would have refused of the device's without its opener, Run or Handle hearing of it:
// messages that can't be said on the wire, descriptions and words that can't be, values of entities that are not described.
// What is left Close returns.
func (e *Env) Refused() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	refused := e.refused
	e.refused = nil
	return refused
}

// receipt is that of a message.
type receipt struct {
	env  *Env // nil if the receipt is decided
	done chan struct{}
	err  error
}

// atOnce is the done of all receipts that were decided at once.
var atOnce = func() chan struct{} { done := make(chan struct{}); close(done); return done }()

func decided(err error) devices.Receipt { return &receipt{done: atOnce, err: err} }

// Done implements devices.Receipt.
func (r *receipt) Done() <-chan struct{} {
	if r.env != nil {
		r.env.mu.Lock()
		defer r.env.mu.Unlock()
		r.env.waited = r.env.waited || r.env.away
	}
	return r.done
}

// Err implements devices.Receipt.
func (r *receipt) Err() error { return r.err }

// leave has the broker go away: no receipt is decided until it is back.
func (e *Env) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away = true
}

// back decides all receipts, and reports whether the device has waited for one.
func (e *Env) back() (waited bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.undecided {
		close(r.done)
	}
	e.away, e.undecided = false, nil
	return e.waited
}
