package messages

// Emitted is a message that a device sends. Device → mapper.
type Emitted struct {
	Number uint64 // of its receipt, unique while the program runs, from 1
	Device string // whose message it is
	Msg    InternalMsg
	Retain bool // the broker is to keep it as the latest of its topic
}

// Publication is an emitted message in the words of the wire. Mapper → connection.
type Publication struct {
	Number  uint64 // of its receipt
	Device  string // whose message it was
	Topic   string
	Payload string
	Retain  bool
}
