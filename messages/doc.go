// Package messages holds all that the actors say to each other; the list of its files is the protocol.
//
// [InternalMsg] is what the gateway is about: a command or a status in the gateway's own words, with arguments that
// are each a [Value]. The rest are small structs that carry one from actor to actor, tell what became of it, or tell
// of failures and of the link. Each says who sends it to whom. They name devices by name and deliveries by number;
// the actors alone hold what stands behind these.
//
// Everything here is a value: nothing that one holds is ever written again, so all of it may be copied, kept and
// shared by any number of goroutines.
package messages
