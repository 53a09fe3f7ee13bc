// Package table writes the tables of bench/RESULTS.md: medians and spreads of measured values, beside the targets.
package table
