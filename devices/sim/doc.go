// Package sim plays equipment, for trying out what listens to a gateway and for showing it: values that rise and fall, wander or follow a
// list, values that can be set and are kept, and failures on demand.
//
// With a replay the device is a stream instead (package stream), at the other end of which a recording is played again and again.
//
// # Time
//
// Waves, steps and failures go by the clock of the machine, and not by the time since the device was opened: a wave goes on where it is
// when the gateway begins again, and what fails is the equipment, whether the gateway is connected to it or not. All simulated devices
// with the same failure fail together.
//
// # Failures
//
//	silent    the equipment answers nothing: after three polls the device is offline, until the equipment answers again
//	late      the equipment answers after three seconds: values are old, commands take their time
//	wrong     the answers of the equipment make no sense: all values are unknown, commands are refused
//	flap      the connection breaks again and again, a second or more after it was opened
package sim
