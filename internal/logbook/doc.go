// Package logbook keeps the latest lines of the log in memory, and lets single actors say more, or less, than the others while the
// program runs.
//
// A [Book] has gates and a ring. A gate stands before each sink of the log, and decides for each record by the first of these levels that
// there is:
//
//   - that of the actor which the record's attribute device or who names, for the record tells of this actor;
//   - that of the actor whose logger it is. The logger of an actor has the attribute [Of] or, if it is a device's, the attribute device;
//   - that of the sink.
//
// The ring is a sink like the others, and shows whose logger a line came by. The other sinks do not: they are made by [Nameless].
//
// Without levels of actors, a gate costs a comparison and the load of a pointer. Any goroutine may call everything.
package logbook
