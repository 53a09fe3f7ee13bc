// Package broker is a small MQTT broker inside the program, for trying things out without installing one. It
// listens on the loopback only, asks for no password and forgets everything when it is closed: production
// means a real one.
package broker
