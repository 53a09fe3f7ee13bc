package actors

import (
	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// Package messages holds what actors say to each other. This file holds messages with types that only the actors know.

// The caller of Gateway → supervisor.

// halt orders the orderly stop.
type halt struct{}

// The caller of Gateway → supervisor, connection, mapper.

// question asks an actor whether it handles its messages. The actor answers by its pulse.
type question struct{}

// The caller of Gateway → mapper → connection.

// remap puts a map in force.
type remap struct{ codec *mapping.Codec }

// Devices → mapper.

// routes changes which devices there are to be found: first those that go, then those that come. What follows it finds the
// ones that came. The mapper answers by messages.Unrouted if devices go.
type routes struct {
	remove []string // by their names
	add    []route  // which nobody changes any more
}

// route is what the mapper has to know of a device.
type route struct {
	name       string
	generation uint64
	answers    *routing.Answers
	reply      string // which commands are answered: one of the words of config.Device.Reply
	repeats    bool   // their arguments are repeated in the answer
	deaf       bool   // the device hears no statuses before it has opened, and has said that it wants them
	inbox      inbox
}

// described tells what a device answers to, by another description that is in force. It goes ahead of what the device says by that
// description. Device → mapper.
type described struct {
	device  identity
	answers *routing.Answers // nobody writes to them any more
}

// inbox is where the mapper puts what a device is to handle. The mailbox of a device is shared by intent: it refuses in
// its device's stead, at once.
type inbox interface {
	// post takes a messages.Handle, which the mapper has boxed once for all the devices that a message finds.
	post(handle any)
	// unsaid records that the mapper can't put into words what the device has emitted.
	unsaid(why error)
}

// Whoever runs the gateway → devices.

// compare asks what is to be changed so that the wanted devices are those of the gateway.
type compare struct {
	wanted []config.Device
	answer chan<- answered // has room for one
}

// apply carries out what compare has been answered. What the gateway was configured with has not changed since.
type apply struct {
	wanted  []config.Device
	types   map[string]*devices.Type // of the wanted devices, by their names
	changes Changes
	answer  chan<- answered // has room for one
}

// answered is the answer to compare and to apply.
type answered struct {
	changes Changes
	err     error
}

// identity names a device to the parent of the devices, which has several of one name while one takes another's place.
type identity struct {
	name       string
	generation uint64
}

// A device's env → devices.

// adopt asks for a device below another one: a new one, or one that the hub had in a former life.
type adopt struct {
	hub    identity
	config config.Device
	typ    *devices.Type
}

// disown has a device go that another one has added.
type disown struct {
	hub    identity
	device string
}

// Host → devices.

// hubLeaves tells that a hub has failed and is about to be closed, and so is what it has added.
type hubLeaves struct {
	hub identity
	why error
}

// hubEvent is what a device that has added others has to tell the supervisor.
type hubEvent struct {
	hub   identity
	event any // a value of package messages
}

// Devices → host.

// stopped closes a device that a person has stopped.
type stopped struct{}

// restarted closes a device, if it is open, and opens it again.
type restarted struct{}

// orphaned closes a device whose hub is down.
type orphaned struct{ why error }

// adopted opens a device whose hub is there again, and has added it again.
type adopted struct{ typ *devices.Type }
