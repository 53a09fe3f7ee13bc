// Package routing finds the devices for an address, in a time that does not depend on the number of devices.
//
// A message finds a device if the device answers to each characteristic that the message sets. A device answers to the
// values that it lists for a characteristic, or, if it lists none, to every value.
//
// The index groups devices by their shape: the set of characteristics for which they list values, of which there are 16
// at most. For each shape, and each set of characteristics that messages set, the index keeps a table from values to
// devices. Finding the devices for an address takes one look-up for each shape. A table is made when a message first
// needs it. Adding or removing a device then takes a few steps for each table of its shape, whatever the number of
// other devices.
package routing
