// Package devicetest runs a device without gateway and broker, for the tests of its author.
//
// # What every device has to keep
//
// [Run] treats a device as a gateway does, in good days and in bad ones, and fails the test for each [Rule] that the device breaks:
//
//	func TestRules(t *testing.T) {
//		lamp := startSimulator(t)
//		devicetest.Run(t, Open, map[string]any{"address": lamp.address}, devicetest.Commands(lightOn), devicetest.Break(lamp.hangUp))
//	}
//
// It opens and closes the device many times, ends the context of each of its calls, keeps the broker away from it, and looks for
// goroutines, files and connections that are left behind. What only the test can provide it says by options: commands that the
// device must do ([Commands]), equipment that is mute ([Mute]) or breaks ([Break]), params for a second device ([Beside]).
// [RunType] does the same with a registered type.
//
// # What this device does
//
// [Start] opens a device and closes it when the test ends; what goes wrong then fails the test. What the device emits, Next returns:
//
//	func TestLamp(t *testing.T) {
//		lamp := devicetest.Start(t, "lamp", map[string]any{"port": "/dev/null"})
//		if err := lamp.Handle(messages.New(messages.Command, messages.Address{}, "LIGHT_ON")); err != nil {
//			t.Fatal(err)
//		}
//		status, err := lamp.Next(time.Second)
//		…
//	}
//
// [StartWith] takes an opener that is not registered, with a transport of the test's own perhaps. [Name] and [At] are what the
// configuration says, so that there may be several devices of one type.
//
// Of a device with entities, Await waits for a value, NextUpdate and NextEvent return what the device hands over, and Set, Press and
// Read do what the network would ask for. What a device adds by Env.Add is opened as well: Added returns it, to be tried out in the
// same way.
//
// Ended and Failure wait for equipment that goes away. What a gateway takes for a failure is an error here, a panic included, and
// nothing begins again. A call that goes on when its context has ended, or a Close that does not return, is given up, with an error.
//
// # What is refused
//
// What a gateway without a map would refuse, the kit refuses: messages and words that can't be said on the wire, descriptions that
// are wrong, values of entities that nobody has described. Receipts say so, and the test fails when the device is closed, unless
// it has asked by Refused.
//
// # Time
//
// All of it works inside a testing/synctest bubble, where waiting for a device that speaks once an hour, or hangs, takes no time.
// Equipment is a net.Pipe then: a bubble has no network.
//
// # Actors
//
// A type that [github.com/mqttgateway/mqttgateway/actors.Register] has added is a device like any other: Handle returns the
// answer of its actor, also when that comes later, and Close the failure that has ended it. What is not registered,
// [github.com/mqttgateway/mqttgateway/actors.Opener] makes an opener for Run and StartWith of.
package devicetest
