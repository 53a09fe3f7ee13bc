package child

import (
	"os/exec"
	"syscall"
)

// mortal has the process killed when the thread that starts it ends.
func mortal(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
