// Package broker is a small embedded MQTT broker, for trying the gateway out without installing a broker. Without users
// the broker listens on the loopback only, and every client may sign in. With users it listens on any address, and only
// the users and the gateway may sign in. The broker encrypts nothing, and forgets everything when it is closed: it is
// not meant for production.
package broker
