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
// No sink stops the program or another sink. What goes wrong with the file is said on standard error, what goes
// wrong with e-mail on standard error and in the file, both throttled. E-mail has a goroutine of its own, which
// [Logs.Close] ends.
//
// [throttle]: github.com/mqttgateway/mqttgateway/actors/throttle
package logging
