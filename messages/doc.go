// Package messages holds the messages that actors send to each other; the list of its files is the protocol.
//
// [InternalMsg] is a command or a status in the gateway's own words, whose arguments are [Value]s. The other types are small
// structs that carry an InternalMsg from actor to actor, report its outcome, or report failures and changes of the link. The
// comment of each type says who sends it to whom. Messages name devices by name, and deliveries by epoch and number; the actors
// alone hold the mailboxes and acknowledgements that these names stand for.
//
// Every message is a value: nothing in it is ever written again. Messages may be copied, kept and shared by any number of
// goroutines.
package messages
