package command

import (
	"os"
	"runtime"
	"runtime/debug"
)

// atWork sets the process up for what it does from now on, when the start, for which all processors are used, is over. With
// one processor a goroutine that hands a message on is followed by the next one; with several it wakes an idle processor,
// which costs more than the message does. What the start alone has needed, to read the configuration of many devices for
// example, is given back.
func atWork(processors int) {
	if processors > 0 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(processors)
	}
	debug.FreeOSMemory()
}
