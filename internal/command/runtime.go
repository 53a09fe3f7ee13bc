package command

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
)

// useProcessors sets how many processors the process uses. tuneRuntime has it called when the start is over; the start uses all
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

// tuneRuntime has the gateway use no more processors than it is to, once it has started, and then give memory back, once: reading the
// configuration of many devices takes several times the memory that the running devices take. The caller must call stop at the end.
func tuneRuntime(o *actors.Options, processors int) (stop func()) {
	rest := time.AfterFunc(math.MaxInt64, debug.FreeOSMemory)
	o.Started = func() {
		useProcessors(processors)
		rest.Reset(mostRestWait)
	}
	o.Told = func() {
		if rest.Stop() { // else memory has been given back
			rest.Reset(restWait)
		}
	}
	return func() { rest.Stop() }
}
