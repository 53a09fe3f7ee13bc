// Package linear contains no code, only the test that the cost of handling what strangers send and operators configure
// is at most proportional to its size.
//
// The test counts statements, as coverage counts them, in a test binary in which this repository and the libraries with
// loops over such input are instrumented; and it counts allocated bytes. A single instruction, or an assembler routine
// that compares, copies, hashes or searches many bytes, counts as one step.
package linear
