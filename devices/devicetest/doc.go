// Package devicetest runs a device without gateway and broker, for the tests of its author. [Run] holds a device to what every
// device has to keep, whatever it does:
//
//	func TestLamp(t *testing.T) {
//		devicetest.Run(t, lamp.Open, map[string]any{"port": "/dev/null"}, devicetest.Commands(lightOn), devicetest.Break(unplug))
//	}
//
// It opens and closes the device many times, ends the context of each of its calls, keeps the broker away from it, breaks its
// equipment, and looks for goroutines, files and connections that it leaves behind: see [Rule].
//
// [Start] opens a device for tests of what the device does, and of that alone:
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
// A type that [github.com/mqttgateway/mqttgateway/actors.Register] has added is a device like any other: Handle returns the
// answer of its actor, also when that comes later, and Close the failure that has ended it.
//
// Of a device with entities, Await waits for a value, NextUpdate and NextEvent take what the device hands over, and Set, Press and
// Read do what the network would ask for. [StartWith] tries out an opener that is not registered, with a transport of the test's
// own; [Name] and [At] are what the configuration says, so that there may be several devices of one type. Ended and Failure tell
// that the equipment has gone.
//
// What a gateway without a map would refuse, the kit refuses: messages and words that can't be said on the wire, descriptions that
// are wrong, values of entities that nobody has described. A test that does not ask for it by Refused fails.
//
// What a device adds by Env.Add is opened as well: Added returns it, to be tried out in the same way.
//
// What a gateway takes for a failure of the device is an error here, a panic included, and nothing begins again. All
// of it works inside a testing/synctest bubble, where waiting for a device that speaks once an hour takes no time.
package devicetest
