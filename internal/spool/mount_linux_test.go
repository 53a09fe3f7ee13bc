package spool

import (
	"syscall"
	"testing"
)

func mountSmall(dir string) error { return syscall.Mount("none", dir, "tmpfs", 0, "size=1m") }

func unmount(t *testing.T, dir string) {
	if err := syscall.Unmount(dir, 0); err != nil {
		t.Error(err)
	}
}
