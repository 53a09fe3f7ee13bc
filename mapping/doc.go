// Package mapping translates between MQTT and the gateway's own words: [Codec.Decode] makes a message of a topic and
// a payload, [Codec.Encode] the reverse. It is pure; a [Codec] never changes and serves any number of goroutines.
//
// # On the wire
//
//	topic   = root "/" function "/" gateway "/" location "/" device "/" sender "/" type
//	root    = any number of levels; as many are passed over in every topic, whatever they say
//	type    = "C" (command) | "S" (status)
//	payload = action | object
//	object  = a JSON object (RFC 8259) with the member "action", a string; its other members are the arguments
//
// The first byte of a payload decides: "{" begins an object, anything else is an action as it stands. An object without
// an action is written, of a message that has arguments only, and refused when it is read. Levels may be empty. Topics below root/$gateway are the gateway's own and never messages.
//
// # Keywords
//
// A map file (see [Parse]) gives each of the eight vocabularies (function, gateway, location, device, sender, action,
// argkey, argvalue) a maptype and a map from one internal keyword to its MQTT keywords: the first is written, all
// are understood. A keyword that the map lacks passes unchanged if the maptype is none or loose, and has the message
// refused if it is strict. Some things pass always:
//
//   - An empty keyword, both ways. An argument that is null is empty: it becomes "". An empty sender is written as
//     the gateway's name, which no map touches.
//   - The keys response, reason, reply and id, unless the argkey map lists them.
//   - The value of such a key: what argvalue lists is translated, the rest passes even when strict. An id is no
//     keyword but its sender's mark, and is never translated, so that an answer bears the one it was given.
//
// Of other argument values only strings are looked up. Numbers, booleans, lists and objects pass whole, digit for
// digit; strict refuses them. When two keys become one, the later gives the value.
//
// A message whose sender, on the wire or translated, is this gateway is its own echo, whatever else is wrong with it.
package mapping
