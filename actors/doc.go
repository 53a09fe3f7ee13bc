// Package actors is the gateway at work: a tree of actors that send each other the values of package messages, and
// never wait for one another.
//
//	supervisor                 decides what begins again and when; keeps the record of how everything is
//	├── connection             the session with the broker: link state machine, outbox
//	├── mapper                 both directions between MQTT and internal words; routes to devices
//	└── devices                the parent of the device actors, which come and go
//	    └── <name> …           one actor a device, of the type that its configuration names, or that a hub has added
//
//	in   broker → connection → mapper → device         out   device → mapper → connection → broker
//
// [New] and [Gateway.Run] are all that a program needs, and [Register] adds a type of device that is a whole actor.
// [Gateway.Apply] and [Gateway.Reload] change the devices and the map while the gateway runs; [Gateway.Watch],
// [Gateway.Device], [Gateway.Inspect], [Gateway.Figures], [Gateway.Queues], [Gateway.Traffic], [Gateway.State] and
// [Gateway.Alive] tell how everything is; [Gateway.Set], [Gateway.Send], [Gateway.Stop], [Gateway.Start] and
// [Gateway.Restart] are for people, whose requests over MQTT [Gateway.Respond] answers.
//
// A file belongs to the actor with whose name it begins, or is about the gateway as a whole. What can be decided without a
// clock or a socket stands in the packages below: link, outbox, retained, routing, supervision, throttle, backoff, recorder.
// Package mailbox decides who runs an actor.
//
// # What actors say to each other
//
// All of it is in package messages, and in messages.go what carries a type from above that package: a codec, a configuration,
// an opener. What an actor tells itself, by a timer, by a goroutine or a session of its own, stands in its own files. Messages
// are values; they name devices by name, and deliveries by epoch and number. Where a device must not be taken for the one
// that had its name before, its generation stands beside the name.
//
// Some things are shared all the same, each because a message would come too late or cost too much:
//
//   - The mailbox of a device. The mapper puts messages into it, and it refuses at once in place of a device that is down,
//     stuck or full, so that none of these costs the mapper anything. Its lock guards what it needs to know for that.
//   - Receipts. A device that waits for a receipt within Handle must get it, whatever its own actor does.
//   - The answers for which callers of Gateway.Set wait. They are no actors, and a mailbox that refuses in its device's stead answers as well.
//   - The flight recorder of a device. Whatever happens to the device is kept there where it happens, also by the mailbox that refuses in its
//     stead, and by the mapper when the map has no words for what the device says. An entry is a copy of a few words; the lock is held for no more.
//   - Counters. They are atomic, and only ever grow.
//   - The acknowledgements that a session owes, and the results of its publications. The session's goroutines add to them, and
//     the connection takes them together.
//   - The spool. A device's mailbox writes to it what it acknowledges early; its methods are safe for concurrent use.
//   - How far the ledger has been written. The ledger's goroutine sets that, and the connection, which owns the ledger, reads it.
//   - The traffic: what passes between the broker and the gateway, for those who watch. While nobody does, mapper and connection only ask
//     whether somebody does.
//   - The board, on which the supervisor keeps the record, for those who watch. Its lock is held for a few entries at a time.
//   - The table of the devices. The parent alone changes it; [Gateway.Device] reads it, and Env.Add, which may not wait, reads
//     there whether a name is free.
//   - The Teller of a device (internal/entities): its description, and its point set. Whatever goroutine of the device has read a
//     value updates it there; the host asks the description what a command means. A Teller's lock is held while what is due is
//     sent, so that values leave in the order in which they became due.
//   - Lines. Devices on one medium share what package devices/kit/lines keeps for them: it is made when the first of them opens, and closed
//     when the last is closed. Their own goroutines take turns on it, and no actor knows of it: a device waits for its turn as for any equipment.
//   - The pulses. Whoever asks whether an actor is alive waits for its pulse, so that one question at a time is on its way.
//   - What is known of the session's subscriptions: the goroutine that changes them sets two flags.
//
// # On whose goroutine
//
// A device's actor runs on a worker of its own while it is busy, because Open, Handle and Close may block. So does the parent.
// The supervisor runs on a goroutine of protoactor's.
//
// The mapper and the connection run on the goroutine of whoever sends to them, if nobody else runs them: the session's reading
// goroutine decodes what arrives and puts it into the devices' mailboxes, and a device that calls Emit encodes its message, and
// may write it to the socket. A device is thus never blocked, but Emit takes as long as the messages that are due. The
// connection follows the mapper: what ten messages make the mapper send is written at once. Package mailbox is the manual
// of that, and the only code that knows it.
//
// # Order
//
// What one actor, or one session, sends to another arrives in that order. A device gets its messages in the order in which the
// broker sent them, and what it emits leaves in the order in which it emitted it. A device that is replaced has its place taken
// behind all that came before.
//
// # Waiting
//
// Only a device's own calls may block their actor. Everyone else sends on. A mailbox that the outside can fill is bounded, and
// refuses on the sender's goroutine. Each messages.Handle that the broker waits for is followed by exactly one messages.Done,
// and its delivery by one messages.Acknowledge when the last of its devices has answered. Nothing is acknowledged before what
// devices had emitted by then is kept.
//
// # Neighbours
//
// What a device emits goes to the broker and, by the rule for all messages, to the other devices of this gateway, its neighbours.
// They get it from the mapper, in internal words, when the map has let it out: also while the link is down, and never again from
// the broker, where it has become an echo. What bears another's name is no echo, and comes by the broker alone. Answers go to the
// broker alone: what a device says with a response, and what the gateway says of a command that a device has emitted. No device
// has its neighbours told more than 1,000 messages in a second, so that a circle of devices that answer each other ends. Nobody
// waits: a neighbour whose mailbox is full refuses.
//
// # What may re-enter
//
// No Receive is entered again while it runs. Callbacks of a session come on the session's goroutines: they copy what they got
// and send it on. Env may be used from anywhere, also within Open, Handle and Close, and by goroutines that outlive the device,
// for which it refuses. A mailbox's gate is called with the mailbox's lock held, and sends nothing.
//
// # Failures
//
// A device's panic or error ends in its own actor, a panic of a registered actor in the parent, one of connection, mapper or
// parent in the supervisor, which survives its own. Each becomes a messages.Failure, goes into the record, and the record says
// when to begin again: after a back-off, for whose bounds a device's configuration is asked. The reason that a failure gives is one text, in the log, the availability topic, the answer and the
// record. A line that breaks (a line.Error in the failures of its devices) is told once, and so is its return: in the record each of the
// devices has failed, but their own lines of the log are at level debug. What a device fails for by itself, on whatever line, has its own.
// From the failure that takes a device down until it is online, attempts to open it that fail are counted with that failure, whatever their
// text: one outage is a line when it begins, and the sums tell why it lasts. The same goes for a line. A panic has a line of its own.
//
// # Flight recorder
//
// Package recorder keeps the latest 50 entries of each device: what it was given, what it emitted, how it is and why, its errors and its
// answers. Messages don't push its latest 20 states and errors out of it, nor do these its latest 30 messages and answers. What is refused in
// its stead takes one entry however often it happens, so that what came before a failure stays. An entry copies at most 300 bytes,
// so that a message costs a tenth of a microsecond, and no memory from its 50th entry on. When a device panics the log has all of it once, on a
// line of its own, if the panic has one; [Gateway.Inspect] has it at any time. Parameters are not in it.
//
// # Availability
//
// The record decides how each device is, and the supervisor tells the connection by a messages.Availability. The broker keeps
// it, retained and at QoS 1, below root/$gateway/name: state is online or offline, the gateway's own and its will; device/state
// is connecting, online, or offline and why. Each session begins with all of them, behind its subscriptions and ahead of the
// outbox; then changes are told, in the outbox's window and ahead of it. At QoS 0 the outbox does not wait for those that the
// broker has yet to acknowledge. What a device that is no more has left at the broker is cleared. With
// Options.NoAvailability nothing of that is told.
//
// # What is retained
//
// The connection remembers which retained topics this gateway has at the broker, whose they are, and what they say: statuses, and
// the views info and values. In a session that the broker did not keep all of that is said again, at QoS 1 and behind the
// availability; in any session, what the outbox had no room for, or has lost at QoS 0. It takes a part of the outbox's window, so that what is live always finds room.
//
//	status ─▶ outbox ─▶ flight ─▶ broker       the memory remembers the latest of each topic
//	view   ─▶ memory ─▶ flight ─▶ broker       as do clearings, and what is said again
//
// What a device leaves is cleared when the device is no more: the connection hears of that by messages.Drained, from the mapper,
// behind all that the device has said and ahead of all that its successor says. Env.Forget goes the same way. Another map reaches
// the connection by way of the mapper as well, behind what is in the words of before; a status that has another topic with it is
// cleared at the old one and said at the new one. A retained status that a map refuses waits, in the memory, for another map that
// takes it, and is then said. A clearing stays in the memory until the broker has acknowledged it.
//
// The ledger (Options.State) is a spool with a record for each of these topics. A record is on disk before its topic is published
// for the first time, and is released when the topic has been cleared. A ledger that can't be written, or takes longer than two
// seconds, is gone without. At the start the records are compared with the configured devices and the map; what a hub adds is
// waited for until the hub has opened, and what a device says of its entities until the device has.
//
// # Entities
//
// A device that describes itself, by Env.Describe or by its type, has entities. What follows from the description is the gateway's
// business, and stands in package internal/entities, which devicetest uses as well:
//
//	Update ─▶ point set ─ due ─▶ statuses ─▶ mapper ─▶ connection      one STATE an address, retained; words beside it
//	                         └─▶ views ────────────────▶ connection      values; info with a description; event/ID; answer
//	SET, GET, words, set/ID ─▶ mapper ─▶ host ─ Ask ─▶ Set, Read, or Handle for all that is not about entities
//
// A value is told when its Report says so. What is unchanged costs no message and no memory. A device has one timer, for what time
// makes due. An unknown value is null. A word is retained instead of STATE where its entity has an address for itself; while that
// is unknown, STATE is. Views are below root/$gateway/name/device/, whatever the map says, and never messages.
//
// The description and the values stay while the device is down: the broker keeps what was last told, availability tells that the
// device is down, and what is stale becomes unknown. There are no heartbeats meanwhile. When the device is back, only what has
// changed is told. The same description again changes nothing; from another one entities of the same ID and kind take over their
// values, and what is not said any more is cleared. When the gateway has been started again, every value is unknown until the device
// has read it.
//
// What a device answers to follows from its description where answers_to leaves a characteristic out; until the first description,
// from its address. The device has the mapper know, behind its first route and ahead of what it says. A message that has found it
// before is for another device if the description says so. A description that entity.Check refuses is a mistake of the author: as a
// wrong configuration it keeps a device from opening, for good, and is reported by a device that is open.
//
// A device without description, address and answers_to is found by every message. While such a device is down, it refuses
// doubtfully (messages.Doubtful): that counts only if no other device takes the message. It hears no statuses before it has opened:
// of many that are started each would hear all others, until it has described itself.
//
// A command that asks for something of entities finds, within the device, those at whose address it finds something. All of it is
// checked and typed before the device sees any of it, and refused as a whole. Nothing is told for a command but its answer: the
// new value is told when the device has updated it.
//
// What arrives at set/ID is for that entity alone, whatever map, addresses and answers_to say. It becomes a command SET with one
// argument, a text, and is answered by a view. The mapper answers so itself what it refuses: an empty payload, one that is too long or
// no UTF-8, one for a device that is not here. What is retained it refuses without an answer. It may be acknowledged early, like any
// message, and comes back from the spool as what it was.
//
// Gateway.Set goes the same way, with several entities at once, all or none: messages.SetEntities → mapper → messages.Handle. The device
// answers whoever called, and nobody else.
//
// # What people order
//
// Stop, Start and Restart of a device go to the supervisor, which logs them, and from there to the parent. A stopped device refuses
// everything from then on; its host closes it when it has the time, and does not open it again, whatever comes: a back-off that is over,
// its hub that has added it again, the end of a call that was stuck. So the record needs to know no more than that the device is
// stopped: until it is said to be connecting, nothing else that the device says counts. Another configuration makes another device of
// it, which is not stopped. Nothing outlives the process.
//
// What people ask over MQTT arrives at root/$gateway/name/request/WHAT, below $gateway the only topic beside set/ID that the mapper knows,
// and only with Options.Asked, which it calls with it; what is retained there it refuses. What is asked
// there and how it is answered is no business of the actors'.
//
// # Stopping
//
// Devices finish what they have and close; then, behind their last words, the mapper and the outbox run empty; then devices
// and gateway are said to be offline, the gateway last and in any case; then the session ends in good order. Each part has
// its share of the grace time.
//
// # Debugging
//
// The logger of each of the gateway's own actors has the actor's name as an attribute (logbook.Of), a device's the device's, so that one of
// them can say more than the others, or less ([Gateway.Loggers]). With log.level debug each message has a line when it comes, finds devices, is refused, and leaves; each step of the link has
// one, with its epoch; and each attempt to begin a device again. The names of protoactor's processes are those of the tree:
// supervisor/devices/lamp. A gateway that hangs names the actor that does not answer ([Gateway.Alive], the health check).
//
// # Words
//
//	acknowledge     tell the broker that a delivery is done with; early: while a device still has it
//	answer          how what a device was asked has ended, for whoever asked
//	availability    what the broker keeps of how a device, or the gateway, is
//	delivery        a message that the broker has sent, by the epoch of its session and a number
//	description     what a device says of itself: what it is, and its entities
//	device          what stays while equipment fails and is opened again: name, mailbox, counters, configuration
//	entity          one thing of a device that has a value, happens or can be pressed
//	entry           a publication in the outbox; in the record, how one thing is
//	epoch           number of an attempt to connect, and of the session that came of it
//	figures         what a device has counted, and the values of its entities, at one moment
//	finish          say the last words, and end
//	flight          publications that have been handed to the session, and have no result yet
//	flush           write to the socket what a session has buffered
//	generation      number of a device, by which it differs from the others that have had its name
//	host            the actor that opens one devices.Device and hands it its messages
//	hub             a device that adds others
//	inspection      all that can be shown of a device
//	ledger          a file that knows which retained topics this gateway has at the broker; it outlives the process
//	line            a medium that several devices share: a serial line, a connection, a program; else a line of the log
//	memory          of the connection: what is retained at the broker, and what the broker is still to be told of that
//	neighbour       another device of the same gateway
//	order           of a person: stop, start or restart a device; of the record: begin something again
//	orphan          a device whose hub is down, or has not added it again
//	outcome         how the handling of a message ended: not mine, handled, busy, rejected, timed out, failed
//	parent          the actor above the hosts
//	pending         a delivery that devices have not answered yet
//	point set       the values of a device's entities, and what of them is due
//	reading         what a device has read of an entity, or why nothing could be read
//	recorder        of a device: what keeps the latest that it did, and that happened to it
//	reason          why something is down or refused, as people read it
//	receipt         what an author gets for a message that was emitted
//	record          how everything is, in supervision; a record of the spool is one line of its file
//	registered      of a device type that is a whole actor
//	result          what became of a publication
//	route           what the mapper knows of a device
//	session         one connection to the broker, from CONNECT to its end
//	stopped         of a device: closed by a person, until a person starts it
//	sweep           the search for topics of devices that are no more
//	supersede       have something newer to tell of a topic than the outbox has
//	tally           counts what is refused, and tells the supervisor once a second
//	traffic         what passes between the broker and the gateway
//	view            what a device shows of itself below root/$gateway: its description, its values, an event, an answer
package actors
