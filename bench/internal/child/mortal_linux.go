package child

import (
	"os/exec"
	"syscall"
)

// mortal makes the system kill the process when the thread that starts it ends.
func mortal(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
