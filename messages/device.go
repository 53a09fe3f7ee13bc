package messages

import "time"

// DeviceAdded tells of a device that is to be there from now on, before its actor begins. Devices → supervisor → connection.
type DeviceAdded struct {
	Device  string  // its full name: HUB.NAME if another device has added it
	Type    string  // as the configuration names it; of one that another device has added, that one's
	AddedBy string  // the device that has added it; "": the configuration
	Address Address // what its own messages are about

	// RetryMin and RetryMax bound the back-off between attempts to open it; both 0: the usual one.
	RetryMin, RetryMax time.Duration
}

// DeviceRemoved tells of a device that is no more: its actor has ended, and nothing comes of it any longer.
// Devices → supervisor → connection, which clears the device's availability.
type DeviceRemoved struct{ Device string }

// DeviceChanged tells the state of a device. Device → supervisor.
type DeviceChanged struct {
	Device string
	State  State // Online, Stuck, Stopped, or Connecting: closed, and to be opened anew, by its hub or since a person wants it
	Err    error // if Stuck: what does not return, and for how long; if Stopped: that a person has stopped it
}

// State is how a device, the link or an actor of the gateway's own is.
type State uint8

// The states.
const (
	Closed        State = iota // not wanted: not yet, or not any more
	Connecting                 // being opened for the first time
	Online                     // at work
	Offline                    // down: it has failed
	Stuck                      // down: within a call that has outlived its deadline
	Misconfigured              // down until its configuration is right
	Stopped                    // down until a person starts it
)

// String returns the state's name in lower case.
func (s State) String() string {
	return [...]string{"closed", "connecting", "online", "offline", "stuck", "misconfigured", "stopped"}[s]
}
