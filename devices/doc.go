// Package devices is what the author of a device sees: the contract of a [Device], the [Env] it lives in, and
// [Register], which adds its type to the one table of types.
//
// A device type is a Go type with two methods, a struct of parameters, and a line that registers it:
//
//	func init() { devices.Register("lamp", Open) }
//
// A binary has the types whose packages it imports. The stages of a device's life are:
//
//  1. Its parameters are decoded, strictly, from the configuration. A fault stops the device for good.
//  2. Its opener is called. It opens the equipment and returns the device. An opener has succeeded when the equipment *answers*: a
//     port that opens with nobody behind it is no device. Else the device would come online and fail a moment later, over and over.
//  3. Handle is called for each command the device is to have, one at a time, in order. If the device is an [Observer],
//     Observe is called for each status in between. If it is a [Runner], Run runs beside both.
//     Set, if it is a [Setter], is called for a command to its entities, and Read, if it is a [Reader], for GET.
//  4. A panic, an error other than [ErrAction] and [ErrNotMine] from any of these, or the end of Run is a failure: Close is called,
//     and after a back-off the opener again. A new value never inherits what the old one broke. The back-off doubles with each
//     failure in a row, from 1 s to 60 s unless the configuration says otherwise (devices[].retry). Only a life of 30 s online ends
//     the row: a device that opens and soon fails is left alone for longer and longer.
//  5. At the end of the program Close is called; what it emits is still published.
//
// Once it has started, the gateway uses one processor (option gateway.processors). A device that computes for long, in whichever
// goroutine, has everybody else wait for up to 10 ms at a time, until the scheduler interrupts it: then more are worth it.
//
// Open, Handle, Observe, Set, Read and Close never overlap. The context of each is cancelled when its deadline has passed or the
// program has no more time. No stage of one device holds up another.
//
// A device that measures, or can be set, describes what by [Env.Describe], and hands over what it reads by [Env.Update]:
//
//	env.Describe(entity.Device{Model: "B7", Entities: []entity.Entity{
//		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2}},
//		{ID: "target", Kind: entity.Number, Unit: "°C", Write: true, Min: entity.F(20), Max: entity.F(80)},
//	}})
//	…
//	env.Update(time.Now(), entity.Float("flow", t, err))
//
// The gateway makes the messages: a status STATE with the values of each address when they are worth telling, the words of
// entities that have any, and retained topics below $gateway with the description and the values. It takes SET, GET and words,
// refuses what the description does not allow, and has the device's Set do the rest. All other commands go to Handle. While the
// device is down, its values stay at the broker as they were last told, until they are stale: its availability tells that it is
// down.
//
// A device that finds others behind it, as a bridge finds its lamps, adds each by [Env.Add] and so is their hub:
//
//	lamp, err := env.Add("hall", messages.Address{Location: "Hall"}, func(ctx context.Context, env devices.Env) (devices.Device, error) {
//		return &hallLamp{env, bridge}, nil
//	})
//	…
//	lamp.Remove() // it has been unpaired
//
// The configuration has the hub alone. Each lamp is a device like any other, called HUB.NAME, and goes through the same stages.
// It is closed when its hub fails, and opened again when the hub has added it again.
//
// Packages below kit hold what many devices share: polls at an interval, serial ports, frames of a stream. docs/devices.md is the
// guide for authors, and "gateway new device" writes a device to begin with.
//
// Package devicetest runs a device without a gateway; its Run holds any device to this contract. A type that is a whole actor, with behaviours, timers and children, is
// registered by package actors instead.
package devices
