//go:build unix

package integration

import "syscall"

// The signals that pause a process and continue it.
const (
	pauseProcess  = syscall.SIGSTOP
	resumeProcess = syscall.SIGCONT
)
