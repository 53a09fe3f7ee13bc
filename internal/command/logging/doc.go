// Package logging makes the program's logger from the section log of the configuration.
//
// A record goes to four sinks, each of which has a level of its own:
//
//   - standard output: records below warn;
//   - standard error: records from warn on, whatever the level of the console is;
//   - a file that rotates by size;
//   - e-mail, throttled by the rule of [throttle].
//
// So a terminal that shows both standard streams shows each record once. Whatever a message or an attribute contains, a
// record is one line, and contains no sequence that a terminal obeys.
//
// Each text in a record is cut at a maximum length, and secrets in addresses are hidden.
//
// No sink stops the program or another sink. Trouble with the file is logged on standard error; trouble with e-mail on
// standard error and in the file; trouble with a standard stream in the file and on the other stream. All these
// messages are throttled. Neither a console whose reader stands still nor a slow disk delays the program for long: see
// stream. E-mail, the file and each standard stream have a goroutine of their own, which [Logs.Close] ends.
//
// [throttle]: github.com/mqttgateway/mqttgateway/actors/throttle
package logging
