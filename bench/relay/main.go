package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

func main() {
	run := measure
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "bare":
			run = func() error { return bare(os.Args[2:]) }
		case "awake":
			run = func() error { return awake(os.Args[2:]) }
		}
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// measure runs everything on this goroutine and its thread: the children die with the thread.
func measure() error {
	runtime.LockOSThread()
	number := flag.Int("rounds", 12, "in each of which each subject has its turn with each cell")
	seconds := flag.Float64("seconds", 0.25, "that a turn is measured for")
	only := flag.String("only", "", "only the cells whose name the `pattern` fits, as qos0/w64")
	program := flag.String("gateway", "", "`path` of the gateway's program; empty: it is built")
	ordered := flag.Bool("ordered", false, "OrderMatters in the bare relay")
	sleepy := flag.Bool("sleepy", false, "let idle processors sleep")
	flag.Parse()
	fits, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	list := cells(fits)
	if len(list) == 0 || *number < 1 || *seconds <= 0 {
		return fmt.Errorf("nothing to do with -only %q, -rounds %d, -seconds %v", *only, *number, *seconds)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	others, err := child.WatchOthers()
	if err != nil {
		return err
	}
	r := &rounds{
		number: *number, length: time.Duration(*seconds * float64(time.Second)),
		progress: os.Stderr, running: make(map[setting]*[subjects]*subject),
	}
	sizes, err := r.all(ctx, list, *program, *ordered, !*sleepy)
	if err != nil {
		return err
	}
	share, err := others.Share()
	if err != nil {
		return err
	}
	return write(os.Stdout, list, sizes, share, *sleepy)
}
