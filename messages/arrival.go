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
	QoS      byte   // above 0 the broker waits for the delivery to be acknowledged, unless the message is Early
	Answer   bool   // the sender waits to hear how it went
	Faults   bool   // the sender is to hear of it if it is not handled, and nobody waits for that
	Early    bool   // the broker does not wait for this device any more
	Record   uint64 // of the spool, which holds the message until the device is done with it; 0: none does
	Msg      InternalMsg
}

// EarlyAck tells that the broker need not wait for a device that has not handled a message yet, but keeps it. Each Handle
// is followed by one at most, which its Done may overtake. Device's mailbox → mapper.
type EarlyAck struct {
	Delivery Delivery
	Device   string
	Record   uint64 // that is to be on disk before the acknowledgement; 0: none is
}

// Done tells how the handling of a message by one device ended. Each Handle that somebody waits for is followed by
// exactly one. Device → mapper; a mailbox that refuses says it in its device's stead.
type Done struct {
	Delivery Delivery
	Device   string
	Early    bool   // as in Handle
	Record   uint64 // as in Handle
	Outcome  Outcome
	Reason   string // empty if Handled
}

// Undone tells that a message with Faults was not handled. Device → mapper; a mailbox that refuses says it in its device's
// stead.
type Undone struct {
	Device  string
	Outcome Outcome // not Handled
	Reason  string
	Msg     InternalMsg
}

// Acknowledge tells that every device which a delivery has found has handled, refused or kept the message, so that the
// broker need not wait any longer. Mapper → connection.
type Acknowledge struct {
	Delivery Delivery
	Record   uint64 // the highest that is to be on disk first; 0: none is
}

// AnswersItself tells whether a device, which has just been opened, answers commands itself, so that the gateway answers
// only those that the device has not handled. Of one that has told nothing the gateway answers all. Device → mapper.
type AnswersItself struct {
	Device string
	Itself bool
}

// Spent tells that a device is done with a message that the spool holds. Mapper → connection.
type Spent struct {
	Record uint64
}

// Restored is a message that the spool has kept since before the start, for a device to handle. Supervisor → mapper.
type Restored struct {
	Record uint64
	Device string
	Msg    InternalMsg
}
