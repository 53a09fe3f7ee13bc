package messages

import "slices"

// Outcome is how the handling of a message has ended.
type Outcome uint8

// The outcomes, from best to worst. Of several devices the worst counts, so that NotMine and Doubtful count only if no device has
// taken the message.
const (
	NotMine  Outcome = iota // the message was for another device after all
	Doubtful                // the device is down, and nothing says that the message was for this device rather than for another
	Handled                 // the device has done what the message asks
	Busy                    // refused: its mailbox is full
	Rejected                // refused: the device has no such action
	TimedOut                // the device was not done within the deadline
	Failed                  // the device is down, or has failed over the message
)

// String returns the word that an answer carries as its response. Of NotMine there is no answer: whoever finds nobody is
// Rejected.
func (o Outcome) String() string {
	switch o {
	case Handled:
		return "OK"
	case Busy:
		return "BUSY"
	case NotMine, Rejected:
		return "REJECTED"
	case TimedOut:
		return "TIMEOUT"
	}
	return "ERROR"
}

// Reply returns the answer to m: a new status with m's address and action, the outcome as its response, the reason unless that
// is empty, and m's id if m has one. The answer has no sender, so that the gateway's name becomes its sender.
func (m InternalMsg) Reply(o Outcome, reason string) InternalMsg {
	return m.reply(New(Status, m.to, m.action), o, reason)
}

// ReplyWithArgs is Reply, and repeats m's arguments as well, in their order, ahead of what Reply adds.
func (m InternalMsg) ReplyWithArgs(o Outcome, reason string) InternalMsg {
	r := New(Status, m.to, m.action)
	r.args = slices.DeleteFunc(slices.Clone(m.args), func(a Argument) bool { return IsProtocolKey(a.Key) })
	return m.reply(r, o, reason)
}

// reply returns r as the answer to m.
func (m InternalMsg) reply(r InternalMsg, o Outcome, reason string) InternalMsg {
	r = r.WithArg(ArgResponse, TextValue(o.String()))
	if reason != "" {
		r = r.WithArg(ArgReason, TextValue(reason))
	}
	if id, ok := m.Arg(ArgID); ok {
		r = r.WithArg(ArgID, id)
	}
	return r
}
