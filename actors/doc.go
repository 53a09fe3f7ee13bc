// Package actors is the gateway at work: a tree of actors that send each other the values of package messages, and
// never wait for one another.
//
//	supervisor                 decides what begins again and when, throttles what is said about it
//	├── connection             the session with the broker: link state machine, outbox
//	├── mapper                 both directions between MQTT and internal words; routes to devices
//	└── devices                parent of the device actors
//	    └── <name> …           one actor a device, of the type that its configuration names
//
//	in   broker → connection → mapper → device         out   device → mapper → connection → broker
//
// [New] and [Gateway.Run] are all that a program needs, and [Register] adds a type of device that is a whole actor.
// [Gateway.Reload] changes the map while it runs; [Gateway.Alive] and [Gateway.State] tell how it is, [Gateway.Watch] what changes.
// What can be decided without a clock or a socket stands in the packages below: link, routing, backoff, throttle.
//
// # Who promises what
//
// Order: what one actor, or one session, sends to another arrives in that order. A device gets its messages in the
// order in which the broker sent them, and what it emits leaves in the order in which it emitted it.
//
// Waiting: only a device's own calls (Open, Handle, Close) may block their actor. Everyone else sends on. A mailbox
// that the outside can fill is bounded, and refuses on the sender's goroutine: a device's mailbox answers for its
// device, while it is down, stuck or full.
//
// Answers: each messages.Handle that the broker waits for is followed by exactly one messages.Done, and its delivery by
// one messages.Acknowledge when the last of its devices has answered.
//
// Failures: a device's panic or error ends in its own actor, one of connection, mapper or devices themselves in the
// supervisor, which survives its own. Each becomes a messages.Failure, and the
// supervisor says when to begin again.
//
// Availability: how each device is, the supervisor alone decides, and tells the connection by a messages.Availability.
// The broker keeps it, retained and at QoS 1, below root/$gateway/name: state is online or offline, the gateway's own and
// its will; device/state is connecting, online, or offline and why. Each session begins with all of them, behind its
// subscriptions and ahead of the outbox; then changes are told, in the outbox's window and ahead of it. At QoS 0 the outbox
// does not wait for those that the broker has yet to acknowledge. With Options.NoAvailability nothing of that is told.
//
// Stopping: devices finish what they have and close; then, behind their last words, the mapper and the outbox run
// empty; then devices and gateway are said to be offline, the gateway last and in any case; then the session ends in good
// order. Each part has its share of the grace time.
package actors
