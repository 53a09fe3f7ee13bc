// Package routing finds the devices for an address, in time that does not depend on how many devices there are.
//
// A message finds a device if every characteristic that it sets is one the device answers to. A device may answer to
// several values of a characteristic, or, with an empty list, to all.
//
// The index groups the devices by which characteristics they list ("shape", at most 16), and keeps for each shape and
// each set of characteristics that messages turned out to set a table from the values of those to the devices. An
// address costs one look-up for each shape. The tables are filled when a message first needs them; from then on a device
// that is added or removed costs a few steps for each table of its shape, however many other devices there are.
package routing
