package messages

// DeviceAdded tells of a device that is to be there from now on, before its actor begins. Devices → supervisor.
type DeviceAdded struct {
	Device  string // its full name: HUB.NAME if another device has added it
	Type    string // as the configuration names it; of one that another device has added, that one's
	AddedBy string // the device that has added it; "": the configuration
}

// DeviceRemoved tells of a device that is no more: its actor has ended, and nothing comes of it any longer.
// Devices → supervisor → connection, which clears what the broker keeps of it.
type DeviceRemoved struct{ Device string }
