// Package entities has a device with entities told of, and spoken to, as package entity describes it: a [Teller] makes statuses and
// views of descriptions and readings, and [Description.Ask] says what a command asks of entities.
//
// The gateway and package devicetest use it. Neither broker nor actor is known here.
package entities
