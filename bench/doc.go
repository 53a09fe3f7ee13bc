// Package bench measures the speed of the gateway. RESULTS.md holds the results; "make bench" measures again.
//
//	bench             benchmarks of the parts: vocabularies, routes, the client; the benchmarks of the whole, without a network, are in actors
//	bench/relay       the gateway between a driver and a broker, compared with a bare relay and with no relay
//	bench/size        the gateway at rest, with one device and with many
//	bench/summary     makes RESULTS.md of what the others print
//
// bench/relay and bench/size read processor time and memory from /proc, and so run on Linux only.
//
// The benchmarks print the format of benchstat: go test -run '^$' -bench . -count 10 ./bench
//
// Rates differ from machine to machine, but ratios carry over. So each program lets the things that it compares take
// turns, in one run, and uses the median of the ratios of all rounds.
package bench
