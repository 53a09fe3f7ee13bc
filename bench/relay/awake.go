package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// keepAwake starts a program for each processor that computes whenever nobody else wants to. With a few commands
// outstanding each hand-over between programs wakes a processor that sleeps; on virtual machines that takes longer than
// all that broker and relay do, and what would be compared is the machine with itself.
func keepAwake(dir string) (list []*child.Process, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for cpu := range runtime.NumCPU() {
		p, err := child.Start(dir, self, "awake", strconv.Itoa(cpu))
		if err != nil {
			return list, err
		}
		list = append(list, p)
	}
	return list, nil
}

// awake computes on a processor, in the scheduling class that every other goes before, and does not return.
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
	for { //nolint:staticcheck // that is the purpose
	}
}
