package messages

// Availability tells how a device is to appear to everybody, as the supervisor sees it. Supervisor → connection.
type Availability struct {
	Device string
	State  State  // Connecting, Online or Offline
	Reason string // why it is offline, in any characters
}
