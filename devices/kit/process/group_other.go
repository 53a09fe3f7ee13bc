//go:build !unix

package process

import "os/exec"

func group(*exec.Cmd) {}

func terminate(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
