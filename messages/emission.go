package messages

// Emitted is a message that a device sends. Device → mapper.
type Emitted struct {
	Number uint64 // of the receipt, unique while the program runs, from 1
	Device string // the device that sends
	Msg    InternalMsg
	Retain bool // the broker is to keep the message as the latest of its topic
}

// Publication is an emitted message as topic and payload. Mapper → connection.
type Publication struct {
	Number  uint64 // of the receipt
	Device  string // the device that has sent
	Topic   string
	Payload string
	Retain  bool
}
