package messages

// Begin tells the connection that devices have had time to open, so that it may open the link. Supervisor → connection.
type Begin struct{}

// CloseDevices begins the orderly stop: devices take nothing new, finish what they have and close.
// Supervisor → mapper, which turns away what still arrives, and → devices.
type CloseDevices struct{}

// DevicesClosed tells that every device has closed. Devices → supervisor.
type DevicesClosed struct{}

// Finish follows the devices' last words on their way. The connection sends what waits, says that devices and gateway are
// offline, and closes the link behind that. Supervisor → mapper → connection.
type Finish struct{}

// Unrouted tells that the mapper sends nothing more to the devices that go: what their mailboxes have is all that they get.
// Mapper → devices.
type Unrouted struct {
	Devices []string // which nobody changes any more
}

// Drained goes to the mapper behind what a device has emitted, and comes back: all of that has been passed on by then.
// Devices → mapper → devices.
type Drained struct {
	Device string
}
