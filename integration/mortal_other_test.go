//go:build !linux

package integration

import "os/exec"

// mortal does nothing: on this system a process outlives tests that end on a time-out.
func mortal(*exec.Cmd) {}
