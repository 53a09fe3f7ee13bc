// Package heap keeps the memory of the process near to what lives in it.
//
// The garbage collector lets the heap double before it collects. For a small one that is too little: what 60,000
// messages a second leave behind fills one of 4 MB so often that a tenth of the CPU time goes into collecting it. For a
// large one it is too much, and the memory that was needed once, to read the configuration of 100,000 devices for
// example, goes back to the system slowly or never. [Keeper] sets how much the heap may grow by what lives in it, after
// each collection, and gives back what is beyond that when things have calmed down.
package heap
