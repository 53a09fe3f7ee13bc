// Package dummy is the device to copy: it has no equipment, says what it is told and speaks now and then.
package dummy
