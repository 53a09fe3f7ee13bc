package messages

// Availability tells how a device is to appear to everybody, as the supervisor sees it; until the first of them it is
// connecting. Supervisor → connection.
type Availability struct {
	Device string
	State  DeviceState // Online or Offline
	Reason string      // why it is offline, in any characters
}
