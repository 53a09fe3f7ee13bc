// Package snmp is a device that an SNMP agent speaks for: a UPS, a switch, a power strip. The configuration lists its objects.
//
// # What goes wrong, and what the device makes of it
//
// SNMP has no connection: Open has succeeded when the agent has answered a request for all points. An agent says nothing at all to a wrong
// community, so that a time-out names both reasons.
//
// An answer may be no error and have no value: the agent has no such object, or no such instance. Then that point alone is unknown, with
// the reason. An error about one object of a request has the others asked for again without it, and an answer that would be too
// big has the request asked again in halves.
//
// Three polls in a row that fail are a failure of the device.
package snmp
