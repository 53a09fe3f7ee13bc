package messages

// Delivery names one message that arrived: the connection it came through and its number there, from 1. It is what
// actors say instead of passing the acknowledgement itself around.
type Delivery struct {
	Epoch  uint64
	Number uint64
}

// Arrived is a publication that the broker sent. Connection → mapper.
type Arrived struct {
	Delivery  Delivery
	Topic     string
	Payload   string // bytes; UTF-8 is checked by the mapper
	QoS       byte
	Retained  bool // a subscription brought it, it did not just happen
	Duplicate bool // the broker had sent it before
}

// Handle asks a device to handle a message. Mapper → device.
type Handle struct {
	Delivery Delivery
	QoS      byte // above 0 the broker waits for the delivery to be settled
	Answer   bool // the sender waits to hear how it went
	Msg      InternalMsg
}

// Done tells how the handling of a message by one device ended. Each Handle that somebody waits for is followed by
// exactly one. Device → mapper; a mailbox that refuses says it in its device's stead.
type Done struct {
	Delivery Delivery
	Device   string
	Outcome  Outcome
	Reason   string // empty if Handled
}

// Settled tells that every device a delivery found has handled or refused it, so that it may be acknowledged.
// Mapper → connection.
type Settled struct {
	Delivery Delivery
}
