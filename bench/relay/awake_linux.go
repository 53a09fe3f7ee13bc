package main

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// awake computes on one processor for ever, in the scheduling class that yields to every other.
func awake(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("awake %q: want PROCESSOR", args)
	}
	cpu, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("processor: %w", err)
	}
	runtime.LockOSThread()
	var on unix.CPUSet
	on.Set(cpu)
	if err := errors.Join(
		unix.SchedSetaffinity(0, &on),
		unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0),
	); err != nil {
		return fmt.Errorf("idle class on processor %d: %w", cpu, err)
	}
	for { //nolint:staticcheck // the loop is the purpose
	}
}
