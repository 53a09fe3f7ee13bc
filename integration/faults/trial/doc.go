// Package trial tests a gateway with faults, and keeps a ledger of all commands.
//
// A [Publisher] sends numbered commands to the broker, an [Observer] receives the statuses of the gateway, the
// gateway's devices record what they do, and a [Plan] draws faults from a seed. At the end, the [Ledger] knows the
// result of each command. All of them talk to the broker directly: faults happen only between the broker and the
// gateway.
//
// A command that the broker has acknowledged is promised. It is lost if no device has handled it, no device has failed
// over it, and it was not refused. A status is promised when its device has handled the command, and recorded as kept
// when the gateway's receipt says so. What a killed broker has lost is not the gateway's fault: for each device,
// everything that was sent after the last command whose echo had come.
// sent after the last command whose echo had come.
package trial
