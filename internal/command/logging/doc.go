// Package logging makes the program's logger from the section log of the configuration.
//
// A record goes, each by a level of its own, to
//
//   - standard output, below warn;
//   - standard error, from warn on, whatever the level of the console is;
//   - a file that rotates by size;
//   - people, by e-mail, throttled by the rule of [throttle].
//
// So nothing stands twice on one terminal. Whatever a message or an attribute holds, a record is one line and no
// terminal obeys it.
//
// Each text of a record is cut at a length, and what is secret in an address is hidden.
//
// No sink stops the program or another sink. What goes wrong with the file is said on standard error, what goes
// wrong with e-mail on standard error and in the file, and what goes wrong with one of the standard streams in the file
// and on the other, all throttled. A reader of the console that stands still is not waited for, nor is a disk: see stream.
// E-mail, the file and the standard streams have a goroutine each, which [Logs.Close] ends.
//
// [throttle]: github.com/mqttgateway/mqttgateway/actors/throttle
package logging
