package messages

// Availability is the state of a device that its availability topic is to show. Supervisor → connection.
type Availability struct {
	Device string
	State  State  // Connecting, Online or Offline
	Reason string // why the device is offline, in any characters
}
