// Package entry is the intercom of a gate, on a serial line. It says 11 and 10 when the bell is pressed and let go, 21 and 20 when the
// gate opens and closes; told 21, it opens the gate.
package entry

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/frame"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("entry", Open) }

// Params are the options under params: in the configuration.
type Params struct {
	Port string `koanf:"port" doc:"serial port of the intercom" example:"/dev/ttyACM0"`
}

// description is what everybody else sees: the bell is heard, and the gate can be set too.
var description = entity.Device{Address: messages.Address{Function: "Security", Location: "gate_entry"}, Entities: []entity.Entity{
	{ID: "bell", Kind: entity.Bool, Address: messages.Address{Device: "Bell"}, Words: map[string]string{"true": "BELL_ON", "false": "BELL_OFF"}},
	{ID: "gate", Kind: entity.Bool, Address: messages.Address{Device: "Gate"}, Words: map[string]string{"true": "GATE_OPEN", "false": "GATE_CLOSE"}, Write: true},
}}

// readings are what the intercom says.
var readings = map[string]entity.Reading{
	"10": entity.Boolean("bell", false, nil), "11": entity.Boolean("bell", true, nil),
	"20": entity.Boolean("gate", false, nil), "21": entity.Boolean("gate", true, nil),
}

type intercom struct {
	env  devices.Env
	port *serial.Port
}

// Open opens the port of the intercom.
func Open(_ context.Context, env devices.Env, p Params) (devices.Device, error) {
	port, err := serial.Open(p.Port, serial.Mode{Baud: 9600})
	env.Describe(description)
	return &intercom{env, port}, err
}

// Set is asked for the gate alone, since the bell can't be set.
func (i *intercom) Set(ctx context.Context, changes []entity.Change) error {
	if !changes[0].Bool() {
		return fmt.Errorf("%w: the gate closes by itself", devices.ErrAction)
	}
	deadline, _ := ctx.Deadline()
	_ = i.port.SetWriteDeadline(deadline)
	_, err := i.port.Write([]byte("21"))
	return err
}

// Run hears the intercom until Close ends that.
func (i *intercom) Run(context.Context) error {
	return frame.Each(i.port, frame.Format{Size: 2, Gap: 20 * time.Millisecond}, i.heard)
}

func (i *intercom) heard(pair []byte) {
	reading, known := readings[string(pair)]
	if !known {
		i.env.Report(fmt.Errorf("the intercom says %q, want 10, 11, 20 or 21", pair))
		return
	}
	i.env.Update(time.Now(), reading)
	if string(pair) == "21" {
		i.env.Emit(messages.New(messages.Command, messages.Address{Function: "Lighting", Location: "gate_entry"}, "LIGHT_ON"))
	}
}

// Handle gets what is for no entity, and there is nothing else.
func (i *intercom) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (i *intercom) Close() error { return i.port.Close() }
