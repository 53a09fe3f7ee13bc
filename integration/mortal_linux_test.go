package integration

import (
	"os/exec"
	"syscall"
)

// mortal has the process killed should the tests die without their cleanup, as they do by a time-out.
func mortal(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
