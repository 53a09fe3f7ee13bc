// Package command is the gateway's command line: one file for each subcommand, and what they share.
//
// What the program says about its work are logs; what it says to someone who asks is plain text on standard output.
// An error ends it with status 1 and one line for each fault on standard error.
package command
