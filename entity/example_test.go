package entity_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What a boiler's driver hands over, and what the network hears of it.
func ExampleSet() {
	s := entity.NewSet()
	if err := s.Describe(entity.Device{Address: messages.Address{Device: "boiler"}, Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
		{ID: "pump", Kind: entity.Bool, Words: map[string]string{"true": "PUMP_ON", "false": "PUMP_OFF"}},
	}}); err != nil {
		fmt.Println(err)
	}
	now := time.Now()
	for _, readings := range [][]entity.Reading{
		{entity.Float("flow", 54.3, nil), entity.Boolean("pump", true, nil)},
		{entity.Float("flow", 54.4, nil)}, // within the deadband
		{entity.Float("flow", 54.6, nil)},
		{entity.Float("flow", 0, errors.New("no answer"))},
	} {
		if due, _ := s.Update(now, readings...); !due {
			fmt.Println("nothing to tell")
			continue
		}
		news := s.Due(now)
		for _, status := range news.Statuses {
			fmt.Println(status.Message())
		}
		for _, word := range news.Words {
			fmt.Println(word.Message())
		}
	}
	fmt.Println(s.Values())
	// Output:
	// S ///boiler: STATE {"flow":54.3,"pump":true}
	// S ///boiler: PUMP_ON
	// nothing to tell
	// S ///boiler: STATE {"flow":54.6,"pump":true}
	// S ///boiler: STATE {"flow":null,"pump":true}
	// {"flow":null,"pump":true}
}

func ExampleCheck() {
	fmt.Println(entity.Check(entity.Device{Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "l/min", Class: "volume_flow_rate"},
		{ID: "Power", Kind: entity.Number, Unit: "W", Class: "power", State: "total"},
	}}))
	// Output:
	// entity "flow": unit: "l/min" does not fit the class "volume_flow_rate", want one of m³/h, m³/min, m³/s, L/h, L/min, L/s, mL/s, ft³/min, gal/min, gal/h, gal/d
	// entity "Power": id: "Power", want a small letter, then small letters, digits and _
	// entity "Power": state: "total" does not fit the class "power", want measurement
}

func ExampleEntity_Change() {
	setpoint := entity.Entity{ID: "setpoint", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(5), Max: entity.F(60)}
	change, err := setpoint.Change(messages.TextValue("21.5"))
	fmt.Println(change.Float(), err)
	_, err = setpoint.Change(messages.IntValue(70))
	fmt.Println(err)
	// Output:
	// 21.5 <nil>
	// setpoint: 70 is above 60 °C
}
