//go:build unix

package rest

import (
	"os"
	"runtime"
	"syscall"
)

// turn is a pipe that a goroutine waits for, though it is readable at once. The scheduler looks at pipes and sockets when no goroutine is
// left to run, and then at all of them.
type turn struct {
	read, write *os.File
	raw         syscall.RawConn // of read
}

func newTurn() (*turn, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	t := &turn{read: read, write: write}
	if t.raw, err = read.SyscallConn(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// pass waits for the pipe. Read alone would find it readable, and not wait.
func (t *turn) pass() {
	var token [1]byte
	var err error
	waited := false
	_ = t.raw.Read(func(uintptr) bool {
		if !waited {
			waited = true
			_, err = t.write.Write(token[:])
			return err != nil
		}
		return true
	})
	if err == nil {
		_, _ = t.read.Read(token[:])
	}
	runtime.Gosched() // to those that were found together with the pipe
}

func (t *turn) close() {
	_ = t.read.Close()
	_ = t.write.Close()
}
