// Package logbook keeps the latest lines of the log in memory, and lets single actors say more, or less, than the others while the
// program runs.
//
// A [Book] has gates and a ring. A gate stands before each sink of the log, and decides by the level of the sink or, if there is one, by
// that of the actor of which a record tells: the one whose logger it is ([Gate.For]), or the record's attribute device or who. The ring is
// a sink like the others.
//
// Without levels of actors, a gate costs a comparison. Any goroutine may call everything.
package logbook
