//go:build !linux

package integration

import "os/exec"

// mortal does nothing: a process outlives the tests if they die by a time-out.
func mortal(*exec.Cmd) {}
