//go:build !linux

package child

import "os/exec"

// mortal does nothing: on this system a process outlives a parent that is killed.
func mortal(*exec.Cmd) {}
