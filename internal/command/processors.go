package command

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// useProcessors sets how many processors the process uses from now on, when the start, for which all are used, is over. With
// one processor a goroutine that hands a message on is followed by the next one. With several, each hand-over wakes an idle
// processor, which costs more than the message does.
func useProcessors(count int) {
	if count > 0 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(count)
	}
}

// restWait is how long after the start its memory is given back: by then the broker has been told how 100,000 devices are.
const restWait = 3 * time.Second

// giveBack gives back to the system, once, what only the start has needed: to read the configuration of many devices takes
// several times the memory that they take later.
func giveBack() { debug.FreeOSMemory() }
