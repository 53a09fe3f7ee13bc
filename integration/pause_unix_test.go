//go:build unix

package integration

import "syscall"

// The signals that pause a process and let it go on.
const (
	pauseProcess  = syscall.SIGSTOP
	resumeProcess = syscall.SIGCONT
)
