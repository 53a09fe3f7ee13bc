package actors_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
)

// measured returns a description of n numbers, and readings of them.
func measured(n int) (d entity.Device, readings []entity.Reading) {
	for i := range n {
		id := fmt.Sprintf("value_%d", i)
		d.Entities = append(d.Entities, entity.Entity{
			ID: id, Kind: entity.Number, Unit: "V", Class: "voltage",
			Report: entity.Report{Deadband: 0.1, Heartbeat: time.Hour, Stale: time.Hour},
		})
		readings = append(readings, entity.Float(id, 230.1, nil))
	}
	return d, readings
}

// A value that has not changed, of a device of ten.
func BenchmarkUpdateUnchanged(b *testing.B) {
	runOnLoopback(b, []config.Device{mouthNamed("meter")}, 1)
	env := <-mouths
	description, readings := measured(10)
	env.Describe(description)
	at := time.Now()
	env.Update(at, readings...)
	one := readings[3:4]
	b.ReportAllocs()
	for b.Loop() {
		env.Update(at, one...)
	}
}

// A value that has changed, from the device to the session with the broker: STATE and the view of all values of ten.
func BenchmarkUpdateChanged(b *testing.B) {
	session := runOnLoopback(b, []config.Device{mouthNamed("meter")}, 1)
	env := <-mouths
	description, readings := measured(10)
	env.Describe(description)
	<-session.out
	changes := [2][]entity.Reading{{entity.Float("value_3", 231, nil)}, {entity.Float("value_3", 229, nil)}}
	env.Update(time.Now(), readings...)
	<-session.out
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		env.Update(time.Now(), changes[i%2]...)
		<-session.out
	}
}

// A house of 1,000 devices of ten values, each of which is read once a second, and one in a hundred changes. An operation is one
// such second, without the waiting: 10 ms are 1 % of a processor.
func BenchmarkHouse(b *testing.B) {
	const devicesOf, values = 1000, 10
	list := make([]config.Device, devicesOf)
	for i := range list {
		list[i] = mouthNamed(fmt.Sprintf("meter%04d", i))
	}
	envs := make([]devices.Env, devicesOf)
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		for i := range envs {
			envs[i] = <-mouths
		}
	}()
	session := runOnLoopback(b, list, 1)
	<-opened
	description, readings := measured(values)
	for _, env := range envs {
		env.Describe(description)
		<-session.out
		env.Update(time.Now(), readings...)
		<-session.out
	}
	changes := [2]entity.Reading{entity.Float("value_3", 231, nil), entity.Float("value_3", 229, nil)}
	b.ReportAllocs()
	for second := 0; b.Loop(); second++ {
		at := time.Now()
		for i, env := range envs {
			if i%(100/values) == 0 { // one value of this device, of the hundred of ten devices
				env.Update(at, changes[second%2])
				<-session.out
			}
			env.Update(at, readings[:3]...)
			env.Update(at, readings[4:]...)
		}
	}
}

func mouthNamed(name string) config.Device {
	return config.Device{Name: name, Type: "mouth", Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 100}
}
