// Package subscription gives the sessions with a broker the subscriptions that they must have, and clears what earlier
// runs of the gateway have left at the broker. It knows mqtt.Session, and no actor.
//
// [Subscriptions] is what is known through all sessions of a run; one goroutine owns it. For each session there is a
// [Listener], which takes the messages and results that belong to this package, on the session's goroutine. A [Round] is one
// change of one session: it waits for the broker, on a goroutine of its own, and the owner then takes its result over with
// [Subscriptions.Take].
//
// # Filters
//
// A session that the broker keeps outlives losses of the link, maps and runs of the gateway. What is no longer wanted must
// therefore be given back in so many words: the package counts a filter as held from before it is asked for until the broker
// has confirmed that it is given back. When a Round fails, whatever the broker may hold counts as held, and the next session
// brings that in order.
//
// Beside the filters of the map a session holds root/$gateway/name/+/set/+, and root/$gateway/name/request/+ if people may ask,
// unless one of those brings the same: what is set at the entities of devices, and what people ask, must come whatever the map
// says. A broker that refuses these filters, or hangs up on them twice in a row, is used without.
//
// # Kept filters
//
// MQTT has no way to ask which filters a session has, and only the broker outlives the gateway together with the session. So
// the broker keeps their list, as a retained message:
//
//	topic    root/$gateway/name/filters
//	payload  {"client_id":"…","filters":["home/#"]}
//
// At each moment the list at the broker has all filters that the session may hold: the Round writes it before it asks for
// filters, and again after it has given others back. A gateway that is killed in between leaves nothing unknown. The first
// session of a run that the broker had kept is read for lists below other roots as well, for the map may have had another.
// A list that somebody has forged makes the gateway give back filters that it doesn't want anyway.
//
// # Sweep
//
// The broker keeps the availability of each device under root/$gateway/name/device/state, also of devices that have been
// removed while the gateway didn't run. The first session of a run subscribes to those topics for [SweepTime]: once only, for
// some brokers hang up on clients that subscribe to topics beyond what they are allowed. The Listener hands each device that it
// finds so to the owner, which knows the devices that there are.
package subscription
