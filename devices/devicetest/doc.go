// Package devicetest runs a device without gateway and broker, for the tests of its author:
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
// What a device adds by Env.Add is opened as well: Added returns it, to be tried out in the same way.
//
// What a gateway takes for a failure of the device is an error here, a panic included, and nothing begins again. All
// of it works inside a testing/synctest bubble, where waiting for a device that speaks once an hour takes no time.
package devicetest
