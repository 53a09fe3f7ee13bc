// Package mailbox has the queue of an actor: [Mailbox] holds the messages that were sent to the actor, and decides on
// which goroutine the actor handles them. No other part of this program knows or decides it. The mailboxes that
// protoactor offers are unbounded, or spin, or lose messages when they are full.
//
// # Who runs what
//
// An actor's Receive runs on one goroutine at a time. Which one, depends on its mailbox:
//
//   - By default a goroutine of the actor's dispatcher runs Receive until the mailbox is empty. [Workers] is such a
//     dispatcher, for actors whose Receive may block.
//   - With [Mailbox.Lend] the sender's own goroutine runs Receive, inside PostUserMessage, for up to 64 messages. What is
//     left then goes to a goroutine of the dispatcher. When the actor is at work already, the sender only leaves its message
//     in the queue: the goroutine that works on the mailbox comes to it.
//   - With [Mailbox.Follow] a lent mailbox rests while a goroutine works on another one, its source. That goroutine goes on
//     with the follower when it has emptied the source, or has worked on 64 messages of it. What ten messages of the source
//     make it send is then in the follower's mailbox together.
//
// Messages of the library (Started, Terminated, Restart …) never run on the goroutine that posts them.
//
// # Order
//
// An actor gets the messages of one sender in the order in which they were posted. The library's messages go ahead of all
// others. Messages may be posted before the actor has been spawned, and stay while it is suspended or begins again.
// The function given to [Mailbox.WhenEmpty] runs between two messages, when none is queued.
//
// # Bounds
//
// A [Gate] decides which messages a mailbox takes; [Bound] is one that counts messages and bytes. PostUserMessage never
// waits: a message that finds no room is handed to the refuse function at once, on the sender's goroutine. [Mailbox.Shed]
// refuses messages that are queued already.
//
// # What may re-enter, and which locks are held
//
// Receive is never entered again while it runs, also not by what Receive itself sends, to whomever it sends it.
//
// A Gate, the picks function of Shed and Pick, the function given to Locked and the due function of WhenEmpty run with the
// mailbox's lock held. They must return soon, and must neither post messages nor call the mailbox; only Pick and Queued are
// for those who hold the lock. The refuse function and Receive run without it, and may post whatever they like.
//
// Whoever posts to a lent mailbox must hold no lock that the actor's Receive may want, nor a lock that something wants to
// which that Receive sends, if that is lent as well.
//
// # Failures
//
// An actor that panics, or ends its goroutine by runtime.Goexit, does not harm the sender that runs it: the mailbox
// escalates the failure to the actor's parent, which suspends the mailbox until it has decided what to do. The message
// that the actor was handling is lost, and those behind it stay.
package mailbox
