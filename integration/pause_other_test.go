//go:build !unix

package integration

import "syscall"

// On this system no signal pauses a process: sending these fails, and so do the tests that send them.
const (
	pauseProcess  = syscall.Signal(-1)
	resumeProcess = syscall.Signal(-1)
)
