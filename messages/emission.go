package messages

// Emitted is a message that a device sends. Device → mapper.
type Emitted struct {
	Number uint64 // of the receipt, unique while the program runs, from 1; 0: the gateway says it for the device's entities
	Device string // the device that sends
	Msg    InternalMsg
	Retain bool // the broker is to keep the message as the latest of its topic
}

// RetainedPublication is the publication of a status that the broker is to keep, beside the status itself: whoever puts other words
// in force needs that. Mapper → connection.
type RetainedPublication struct {
	Publication
	Msg InternalMsg
}

// Wordless is a status that the broker was to keep, and that the map in force refuses. It is said when another map takes it. Mapper →
// connection.
type Wordless Emitted

// Forget has the broker forget the retained statuses that a device has said about an address. It goes the way of what the device
// emits, behind that. Device → mapper → connection.
type Forget struct {
	Device string
	About  Address
}

// Sending is a message that a person sends to the broker, as any client could. The caller of Gateway → connection.
type Sending struct {
	Publication
	QoS byte // 0 or 1
}

// Publication is an emitted message as topic and payload. Mapper → connection.
type Publication struct {
	Number  uint64 // of the receipt
	Device  string // the device that has sent
	Topic   string
	Payload string
	Retain  bool
}
