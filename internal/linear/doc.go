// Package linear holds no code, only the test that what strangers send and operators configure costs no more than in
// proportion to its size.
//
// The test counts statements, as coverage counts them, in a test binary of its own in which this repository and the
// libraries that loop for it are instrumented; and bytes, as the allocator counts them. What a single instruction or an
// assembler routine does to many bytes (to compare, copy or hash them, or to look for one of them) is one step to it.
package linear
