// Package child runs the programs that are measured, and the broker between them, and reads from /proc what they
// cost. No child outlives its parent, however that ends.
//
// On Linux a child dies with the thread that started it: start all of them from one goroutine that is locked to its
// thread and lives as long as the program, that of main.
package child
