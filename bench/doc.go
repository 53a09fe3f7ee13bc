// Package bench holds what the speed of the gateway is measured with; RESULTS.md is what came out, and "make bench"
// measures anew.
//
//	bench             benchmarks of the parts: words, routes, the client; those of the whole, without a network, are in actors
//	bench/relay       the gateway between a driver and a broker, beside a bare relay and none
//	bench/size        the gateway at rest, with one device and with many
//	bench/summary     makes RESULTS.md of what the others print
//
// bench/relay and bench/size read processor time and memory from /proc: they run on Linux only.
//
// The benchmarks print what benchstat reads: go test -run '^$' -bench . -count 10 ./bench
//
// The rates of this machine are not those of another. What carries over are ratios: each program has what it compares take
// turns, in one run, and the median of the ratios of the rounds is what counts.
package bench
