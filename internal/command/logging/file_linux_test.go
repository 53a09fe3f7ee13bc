package logging

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The device /dev/full behaves like a full disk.
func TestDiskFull(t *testing.T) {
	link := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink("/dev/full", link); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f, stderr := fileAt(t, link, 5, 3)
		for range 100 {
			io.WriteString(f, "lost\n")
		}
		if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "no space left") {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := stderr.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "more=99 in=10s") {
			t.Errorf("after 10 s: %q", got)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, "after\n")
		if got := read(t, link); got != "after\n" {
			t.Errorf("file: %q", got)
		}
		f.Close()
	})
}

func TestDeviceIsNotRenamed(t *testing.T) {
	link := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	f, _ := fileAt(t, link, 5, 3)
	for range 3 {
		io.WriteString(f, "aaaa\n")
	}
	if target, err := os.Readlink(link); target != os.DevNull {
		t.Errorf("the device was moved: %q, %v", target, err)
	}
}

// A named pipe is refused as a log file: opening the pipe would wait for a reader.
func TestPipeIsNoLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f, stderr := fileAt(t, path, 1000, 1)
		io.WriteString(f, "lost\n")
		if got := stderr.String(); !strings.Contains(got, "it is a named pipe: want a regular file") {
			t.Errorf("standard error: %q", got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		io.WriteString(f, "after\n")
		if got := read(t, path); got != "after\n" {
			t.Errorf("file: %q", got)
		}
		f.Close()
	})
}
