// Package mapping translates between MQTT and the gateway's internal words: [Codec.Decode] from topic and payload to a message,
// [Codec.Encode] back. The package is pure. A [Codec] never changes, and may be used by any number of goroutines.
//
// # On the wire
//
//	topic   = root "/" function "/" gateway "/" location "/" device "/" sender "/" type
//	root    = the configured root; in a topic that arrives, as many levels, whatever they say
//	type    = "C" (command) | "S" (status)
//	payload = action | object
//	object  = a JSON object (RFC 8259) with the member "action", a string; its other members are the arguments
//
// The first byte of a payload decides: "{" begins an object, any other byte a bare action. Encode writes an object without an
// action for a message that has arguments only; Decode refuses such an object. Levels may be empty. Topics below root/$gateway
// are the gateway's own, and never messages.
//
// # Keywords
//
// A map file (see [Parse]) gives each of the eight vocabularies (function, gateway, location, device, sender, action,
// argkey, argvalue) a maptype and a map from an internal keyword to its MQTT keywords: Encode writes the first, Decode
// understands all. A keyword that the map lacks passes unchanged if the maptype is none or loose; if it is strict, the message
// is refused. These pass every map:
//
//   - An empty keyword, both ways. An empty sender is written as the gateway's name, which no map touches.
//   - An argument that is null. Encode leaves it null, the value that nobody knows; Decode makes it "".
//   - The keys response, reason, reply and id, unless the argkey map lists them.
//   - The value of such a key: argvalue translates the words that it lists, and the others pass even if it is strict. An id
//     is never translated, so that an answer bears the id of its command.
//
// Of other argument values only strings are looked up. Numbers, booleans, lists and objects pass whole, digit for
// digit; strict refuses them. When two keys become one, the later gives the value.
//
// A message whose sender, on the wire or translated, is this gateway is its own echo, whatever else is wrong with it.
package mapping
