// Package retained knows what this gateway has at the broker: which retained topics, whose they are, and what they are to say. It
// is pure: no clock, no socket, no goroutine, no file.
//
// A [Memory] knows each of them by a [Record]. There are three kinds:
//
//	status         a status of a device, in words of the map: the outbox sends it, and the memory remembers it
//	view           root/$gateway/name/DEVICE/NAME: the memory itself sends it
//	availability   the connection tells it, and the memory has the ledger know of it
//
// # What is due
//
// Of each topic only the latest counts. The memory has the topics in a queue that the broker is still to be told of: views that
// devices have said, topics that are to be cleared, and, behind those, what is said again because a session has begun that the
// broker did not keep. The owner hands them to a session one by one ([Memory.First], [Memory.Pop]), and tells what became of each
// ([Memory.Landed], [Memory.Lost]). A topic that is cleared is forgotten when the broker has acknowledged that, and not before.
//
// At each moment either the outbox or the memory has the latest of a topic to tell, or neither. When the memory takes a topic over,
// the owner takes what the outbox still has of it out; the methods that do so return the topics.
//
// # Bounds
//
// A memory is bounded in topics and bytes. What exceeds that is given up, the longest unsaid first: it is not said again to a broker
// that has lost it, and not cleared when its device goes. [Memory.GivenUp] counts it.
//
// # The ledger
//
// What outlives the process is a ledger: for each topic one record, which says whose the topic is, and not what it says. The memory
// writes a record before its topic is published ([Ledger]); the owner waits until the record is on disk. A record is released when
// the broker has acknowledged that the topic is cleared. At the next start the memory takes over what the ledger has
// ([Memory.Restore]), and clears what certainly nobody says any more ([Memory.Settle], and later [Memory.There], [Memory.Opened]):
//
//   - all of devices that are not configured, and of those that their hub, once it has opened, has not added again;
//   - statuses of devices whose configured address is another, and those to which the map gives another topic now;
//   - views, and values of entities, that a device does not describe once it has opened;
//   - what is below another root, or another name of the gateway.
package retained
