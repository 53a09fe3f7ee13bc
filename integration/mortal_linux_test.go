package integration

import (
	"os/exec"
	"syscall"
)

// mortal makes the system kill the process if the tests end without their cleanup, as they do on a time-out.
func mortal(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
