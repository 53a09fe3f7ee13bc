package devices_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("boiler", openBoiler) }

// boilerParams are the options under params: in the configuration.
type boilerParams struct {
	Unit int `koanf:"unit" doc:"of the boiler on its line" default:"1" min:"1" max:"247"`
}

// boiler has a temperature, and a target that can be set. A real one has a connection in place of the two numbers.
type boiler struct {
	env          devices.Env
	flow, target float64
}

func openBoiler(_ context.Context, env devices.Env, _ boilerParams) (devices.Device, error) {
	env.Describe(entity.Device{Model: "B7", Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
		{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(60), Step: entity.F(0.5)},
	}})
	b := &boiler{env, 31.2, 40}
	return b, b.Read(context.Background())
}

// Read hands over what the boiler says. A type that polls calls it from its Run as well.
func (b *boiler) Read(context.Context) error {
	b.env.Update(time.Now(), entity.Float("flow", b.flow, nil), entity.Float("target", b.target, nil))
	return nil
}

// Set has one change: only the target can be set, and only to what the description allows.
func (b *boiler) Set(ctx context.Context, changes []entity.Change) error {
	b.target = changes[0].Float()
	return b.Read(ctx)
}

// Handle gets what is not about entities, of which there is nothing.
func (b *boiler) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close has nothing to give back.
func (b *boiler) Close() error { return nil }

var (
	_ devices.Setter = (*boiler)(nil)
	_ devices.Reader = (*boiler)(nil)
)

// A device with entities: what it reads is told, and what is set is checked, by the gateway.
func Example_entities() {
	d, err := devicetest.Open("boiler", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := messages.New(messages.Command, messages.Address{}, entity.ActionSet)
	for _, msg := range []messages.InternalMsg{
		set.WithArg("target", messages.IntValue(55)),
		set.WithArg("target", messages.IntValue(70)),
		set.WithArg("flow", messages.IntValue(50)),
	} {
		fmt.Println(msg, "→", d.Handle(msg))
	}
	for range 3 { // as described, as read, as set
		status, err := d.Next(time.Second)
		fmt.Println(status.Msg, status.Retain, err)
	}
	fmt.Println("values:", d.View("values"))
	fmt.Println("closed:", d.Close())
	// Output:
	// C ///: SET {"target":55} → <nil>
	// C ///: SET {"target":70} → target: 70 is above 60 °C
	// C ///: SET {"flow":50} → flow: can't be set
	// S ///boiler: STATE {"flow":null,"target":null} true <nil>
	// S ///boiler: STATE {"flow":31.2,"target":40} true <nil>
	// S ///boiler: STATE {"flow":31.2,"target":55} true <nil>
	// values: {"flow":31.2,"target":55}
	// closed: <nil>
}
