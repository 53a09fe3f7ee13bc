// Package trial puts a gateway to the test with faults, and keeps the books.
//
// A [Publisher] sends numbered commands to the broker, an [Observer] hears what the gateway says, the gateway's devices
// write down what they do, and a [Plan] draws from a seed what goes wrong meanwhile. The [Ledger] knows at the end what
// became of each command. All of them speak with the broker directly; only the gateway has the faults in between.
//
// A command that the broker has acknowledged is promised. It is lost if no device has handled it, nor failed over it,
// nor has it been refused. A status is promised when its device has handled the command, and written down as kept when
// the gateway has said so. What a broker that is killed takes with it is not the gateway's: of each device, what was
// sent after the last command whose echo had come.
package trial
