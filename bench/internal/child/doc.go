// Package child runs the programs that are measured, and the broker between them, and reads their cost from /proc. A
// child ends when its parent ends, in whatever way.
//
// On Linux a child dies with the thread that started it. So all children must be started from one goroutine that is
// locked to its thread and lives as long as the program: main.
package child
