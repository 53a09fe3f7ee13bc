package child

import (
	"fmt"
	"syscall"
	"time"
)

// takenByUs returns the processor time of this program and of its children that have ended.
func takenByUs() (taken time.Duration, err error) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var own syscall.Rusage
		if err := syscall.Getrusage(who, &own); err != nil {
			return 0, fmt.Errorf("getrusage: %w", err)
		}
		taken += time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	return taken, nil
}
