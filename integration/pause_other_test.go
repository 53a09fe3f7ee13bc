//go:build !unix

package integration

import "syscall"

// Where no signal pauses a process, sending these fails, and the test that sends them with it.
const (
	pauseProcess  = syscall.Signal(-1)
	resumeProcess = syscall.Signal(-1)
)
