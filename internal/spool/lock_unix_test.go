//go:build unix

package spool

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A named pipe in the lock's place is refused: to open it would wait for somebody at its other end.
func TestLockIsANamedPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "lock"), 0o200); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "it is a named pipe") {
		t.Errorf("got %v, want the pipe refused", err)
	}
}
