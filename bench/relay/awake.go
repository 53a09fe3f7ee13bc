package main

import (
	"os"
	"runtime"
	"strconv"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// keepAwake starts for each processor a program that computes whenever no other program wants the processor. Without
// them, and with a few commands outstanding, each hand-over between programs wakes a sleeping processor. On a virtual
// machine the waking takes longer than all the work of broker and relay, and hides it.
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
