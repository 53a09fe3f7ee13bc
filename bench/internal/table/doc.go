// Package table makes of measured values what bench/RESULTS.md says: medians and spreads of rounds, beside what must be
// reached.
package table
