// Package broker is a small MQTT broker inside the program, for trying things out without installing one. Without users
// the broker listens on the loopback only, and anybody there may sign in. With users it listens on any address, and only
// they and the gateway may sign in. The broker encrypts nothing and forgets everything when it is closed: production means a
// real one.
//
//	broker.go        Start, Close, limits
//	listener.go      accepts connections, and ends them
//	connection.go    one client's connection; no write blocks
//	login.go users.go  who may sign in
//	hooks.go         what mochi asks: publish, subscribe, will
//	sessions.go retained.go  what is kept, and how much of it
package broker
