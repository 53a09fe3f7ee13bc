// Package entity describes what a device measures, can be set to and does, and decides when a value is worth telling.
//
// A device author writes a [Device] with its entities once, and then only hands over readings:
//
//	env.Describe(entity.Device{Model: "B7", Entities: []entity.Entity{
//		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
//	}})
//	env.Update(time.Now(), entity.Float("flow", t, err))
//
// Messages, availability, discovery, metrics and pages follow from the description and from the readings. [Check] says all that
// is wrong with a description. [Set], the point set, holds the values of one device's entities and says what is to be told when;
// the gateway owns one for each device that describes itself.
//
// The package is pure: no clock, no goroutine, nothing that waits. Time is an argument.
//
// # Words
//
//	entity       one thing of a device that has a value, happens or can be pressed
//	description  a Device: the device and its entities
//	reading      what has been read of one entity, or why nothing could be
//	unknown      having no value; there is always a reason for it
//	current      the value by the latest reading
//	told         the value as the network has last heard it
//	confirmed    read again, whether the value has changed or not
//	change       what one entity is to be set to
package entity
