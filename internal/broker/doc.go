// Package broker is a small MQTT broker inside the program, for trying things out without installing one. Without
// users it listens on the loopback only and lets in anybody there; with users it listens wherever it is told to,
// and nobody else gets in. It encrypts nothing and forgets everything when it is closed: production means a real one.
package broker
