//go:build unix

package spool

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Open refuses a named pipe in the place of the lock: opening it would wait for a writer.
func TestLockIsANamedPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "lock"), 0o200); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "it is a named pipe") {
		t.Errorf("got %v, want the pipe refused", err)
	}
}
