// Summary prints bench/RESULTS.md: the environment, the results of the benchmarks in a file, and the parts that the
// other programs have written.
//
//	go run ./bench/summary BENCHMARKS.txt PART.md...
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, paths []string) error {
	if len(paths) == 0 {
		return errors.New("want a file with the output of go test -bench, and parts to follow")
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	results, err := parse(string(text))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `# Results

What "make bench" measured with %s on %s/%s with %d processors, mosquitto %s on the loopback. Each round has all that
is compared take its turn; what counts is the median of the rounds, and of ratios that of the ratios of each. Rates of one
machine are not those of another: compare the ratios.

`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), child.MosquittoVersion())
	for _, path := range paths[1:] {
		part, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	for _, t := range tables(results) {
		if err := t.Write(w); err != nil {
			return err
		}
	}
	return nil
}
