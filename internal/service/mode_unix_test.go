//go:build unix

package service

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestModeOfTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	old := syscall.Umask(0)
	l, err := listen(path)
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := file.Mode(), os.ModeSocket|0o600; got != want {
		t.Errorf("mode %v under umask 0, want %v", got, want)
	}
}
