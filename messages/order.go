package messages

// Begin allows the connection to open the link: the devices have had time to open. Supervisor → connection.
type Begin struct{}

// CloseDevices begins the orderly stop: devices take nothing new, finish what they have and close. Supervisor → mapper, which
// refuses messages that still arrive, → devices.
type CloseDevices struct{}

// EndDevices has cancelled what devices are still doing: the time for them is over. Supervisor → devices.
type EndDevices struct{}

// DevicesClosed says that every device has closed. Devices → supervisor.
type DevicesClosed struct{}

// Finish goes the way of the last messages that devices have emitted, behind them. The connection then sends what waits,
// publishes that devices and gateway are offline, and closes the link. Supervisor → mapper → connection.
type Finish struct{}

// StopDevice orders a device to close, and to stay closed until a person starts it or its configuration changes. The caller of
// Gateway → supervisor → devices.
type StopDevice struct{ Device string }

// StartDevice orders a device to be opened that a person has stopped. The caller of Gateway → supervisor → devices.
type StartDevice struct{ Device string }

// RestartDevice orders a device to be closed and opened again, however it is. The caller of Gateway → supervisor → devices.
type RestartDevice struct{ Device string }

// Unrouted tells that the mapper sends nothing more to the devices that go: what their mailboxes have is all that they get.
// Mapper → devices.
type Unrouted struct {
	Devices []string // which nobody changes any more
}

// Drained goes to the mapper behind the last that a device has emitted which is no more, and comes back: all of that has been passed
// on by then. The connection, which hears of it as well, clears what the device has left at the broker.
// Devices → mapper → connection, devices.
type Drained struct {
	Device string
}
