// Package command is the gateway's command line: one file for each subcommand, and the files that subcommands share.
//
// The program logs what it does, and prints the answers of subcommands as plain text on standard output. A subcommand
// that fails exits with status 1, and prints one line for each fault on standard error.
package command
