package messages

// Delivery names a message that devices are to handle. If the broker has delivered it, Epoch is that of the session, and Number one
// within the session, from 1; the connection alone holds the acknowledgement that such a Delivery stands for.
type Delivery struct {
	Epoch   uint64 // 0: of no session
	Number  uint64
	Emitted bool // a device of this gateway has sent it; Number is then that of the receipt
}

// Arrived is a message that the broker has delivered. Connection → mapper.
type Arrived struct {
	Delivery  Delivery
	Topic     string
	Payload   string // bytes; UTF-8 is checked by the mapper
	QoS       byte
	Retained  bool // the broker had kept the message, and sent it because of a subscription
	Duplicate bool // the broker had sent it before
}

// Handle asks a device to handle a message. Mapper → device.
type Handle struct {
	Delivery Delivery
	QoS      byte   // above 0 the broker waits for an acknowledgement, unless the message is Early
	Answer   bool   // the mapper is to hear of the outcome, whatever that is
	Faults   bool   // the mapper is to hear of it if the message is not handled
	Alone    bool   // no other device was found, and the mapper is to hear if the message was not for this one either
	Early    bool   // the delivery was acknowledged before this device has handled the message
	Record   uint64 // the record of the spool that holds the message until the device is done with it; 0: none
	Entity   string // not empty: what arrived at the topic set/ID of the device; Msg then is a command SET of that entity alone
	Asked    uint64 // not 0: the number of SetEntities; Msg then is a command SET of entities of this device, by their IDs
	Msg      InternalMsg
}

// SetEntities asks a device to set its entities. Whoever runs the gateway waits for the answer. The caller of Gateway → mapper.
type SetEntities struct {
	Number uint64 // of the answer, from 1
	Device string
	Msg    InternalMsg // a command SET, whose arguments are values by the IDs of entities
}

// EarlyAck says that a delivery may be acknowledged although a device has not handled it yet, but keeps it. Each Handle is
// followed by one EarlyAck at most, which Done may overtake. Device's mailbox → mapper.
type EarlyAck struct {
	Delivery Delivery
	Device   string
	Record   uint64 // the record that is to be on disk before the acknowledgement; 0: none
}

// Done is the outcome of a message at one device. Each Handle whose outcome is awaited (QoS above 0, or Answer) is followed by
// exactly one Done. Device → mapper; a mailbox that refuses a message sends Done in its device's place.
type Done struct {
	Delivery Delivery
	Device   string
	Early    bool   // as in Handle
	Record   uint64 // as in Handle
	Outcome  Outcome
	Reason   string // empty if Handled
}

// Undone says that a message with Faults was not handled, or one with Alone was NotMine. Device → mapper; a mailbox that refuses a
// message sends Undone in its device's place.
type Undone struct {
	Device  string
	Outcome Outcome // not Handled
	Reason  string
	Msg     InternalMsg
}

// Acknowledge asks for the acknowledgement of a delivery: every device that it has found has handled, refused or kept the message.
// Mapper → connection.
type Acknowledge struct {
	Delivery Delivery
	Record   uint64 // the highest record that is to be on disk first; 0: none
}

// Opened says what a device that has just been opened wants to hear, and who answers for it. Until the message comes, the mapper
// takes it that the device doesn't answer, and hears statuses unless every message finds it. Device → mapper.
type Opened struct {
	Device        string
	AnswersItself bool // the gateway answers only the commands that the device has not handled
	Deaf          bool // to statuses, of which it gets none
}

// Spent says that a device is done with a message that the spool holds. Mapper → connection.
type Spent struct {
	Record uint64
}

// Restored is a message for a device that the spool has kept since before the start. Supervisor → mapper.
type Restored struct {
	Record uint64
	Device string
	Entity string // as in Handle
	Msg    InternalMsg
}
