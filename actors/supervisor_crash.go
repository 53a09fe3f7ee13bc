package actors

import (
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

// crash is a panic on its way to the supervisor, with the stack, which protoactor would drop.
type crash struct {
	cause any
	stack string
}

func newCrash(cause any) *crash {
	if c, ok := cause.(*crash); ok {
		return c
	}
	return &crash{cause, callers()}
}

func (c *crash) Error() string {
	if c.cause == any(mailbox.ErrGoexit) {
		return mailbox.ErrGoexit.Error()
	}
	return fmt.Sprintf("panic: %v", c.cause)
}

func (c *crash) Unwrap() error {
	err, _ := c.cause.(error)
	return err
}

// maxFrames is the number of frames of a stack that are kept.
const maxFrames = 8

// callers returns the stack of a panic on one line, the innermost call first. It must be called by the function that
// recovers.
func callers() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var (
		lines  []string
		inside bool // the frames above panic belong to the recovery
	)
	for more := true; more && len(lines) < maxFrames; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			inside, lines = true, nil
		case inside && !strings.HasPrefix(f.Function, "runtime."):
			lines = append(lines, fmt.Sprintf("%s (%s:%d)", path.Base(f.Function), path.Base(f.File), f.Line))
		}
	}
	return strings.Join(lines, " < ")
}

// guard adds the stack to a panic of an actor, and passes the panic on to protoactor. Each actor's Receive defers
// guard. At the end of an actor's life, protoactor would never finish stopping after a panic: guard then tells the
// supervisor, and recovers.
func guard(c actor.Context, who string, supervisor address) {
	cause := recover()
	if cause == nil {
		return
	}
	crash := newCrash(cause)
	switch c.Message().(type) {
	case *actor.Stopping, *actor.Stopped, *actor.Restarting:
		supervisor.send(messages.Failure{Who: who, What: messages.Closing, Err: crash, Stack: crash.stack})
		return
	}
	panic(crash)
}
