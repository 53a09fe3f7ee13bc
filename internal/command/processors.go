package command

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// useProcessors sets how many processors the process uses. run calls it when the start is over; the start uses all
// processors. With one processor, a goroutine that hands a message on is followed by the goroutine that receives the
// message. With several, each such hand-over wakes an idle processor, which costs more than handling the message.
func useProcessors(count int) {
	if count > 0 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(count)
	}
}

// Memory is given back restWait after the broker has been told how each device is, which takes seconds and much memory with 100,000
// devices, and at most mostRestWait after the start: the broker may be away.
const (
	restWait     = 2 * time.Second
	mostRestWait = 30 * time.Second
)

// giveBack returns memory to the operating system, once: reading the configuration of many devices takes several times
// the memory that the running devices take.
func giveBack() { debug.FreeOSMemory() }
