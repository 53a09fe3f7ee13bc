// Package value turns the words of bits that equipment keeps into values, and values into such words.
//
// [Format] says how a word is to be understood: as a whole number, a float or binary-coded decimal; which of its bits; by which
// decimal scale; which patterns mean that nothing is known; which words of an enumeration its numbers stand for.
//
// Numbers are scaled on their decimal digits, never in binary: 2301 × 0.1 is 230.1, where float64 makes it 230.10000000000002. A
// float32 counts by its shortest digits: 230.1, where float64 makes it 230.10000610351562.
//
// How a word comes from registers or bytes, and in which order, is the business of whoever reads them.
package value
