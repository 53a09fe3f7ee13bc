package service

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leaveStale makes a socket on which nobody listens, as a killed process leaves it.
func leaveStale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestListen(t *testing.T) {
	tests := []struct {
		name   string
		before func(t *testing.T, path string)
		err    string // "": listen succeeds
	}{
		{
			name:   "nothing there",
			before: func(*testing.T, string) {},
		},
		{
			name:   "a stale socket",
			before: leaveStale,
		},
		{
			name: "another gateway",
			before: func(t *testing.T, path string) {
				l, err := listen(path)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { l.Close() })
			},
			err: "another process listens on ",
		},
		{
			name: "a file",
			before: func(t *testing.T, path string) {
				if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			err: "exists and is no socket",
		},
		{
			name: "a link to nowhere",
			before: func(t *testing.T, path string) {
				if err := os.Symlink(path+".elsewhere", path); err != nil {
					t.Fatal(err)
				}
			},
			err: "exists and is no socket",
		},
		{
			name: "no folder",
			before: func(t *testing.T, path string) {
				if err := os.Remove(filepath.Dir(path)); err != nil {
					t.Fatal(err)
				}
			},
			err: "no such file or directory",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			test.before(t, path)
			before, _ := os.Lstat(path)
			l, err := listen(path)
			if test.err != "" {
				if err == nil {
					l.Close()
				}
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q in it", err, test.err)
				}
				if after, _ := os.Lstat(path); before != nil && !os.SameFile(before, after) {
					t.Errorf("what was at %q has been replaced", path)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatalf("not reachable: %v", err)
			}
			conn.Close()
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			l.Close()
			if _, err := os.Lstat(path); err == nil {
				t.Error("the socket is still there after Close")
			}
		})
	}
}

func TestListenOnALongPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", maxPath))
	if l, err := listen(path); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("listening on a path of %d bytes: %v, %v, want that it is too long", len(path), l, err)
	}

	dir, err := os.MkdirTemp("", "") // the path of t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path = filepath.Join(dir, strings.Repeat("x", maxPath-len(dir)-1))
	l, err := listen(path)
	if err != nil {
		t.Fatalf("the longest path that is said to work does not: %v", err)
	}
	l.Close()
}

// A gateway that stops slowly does not remove the socket of its successor.
func TestCloseLeavesASuccessor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	old, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	successor, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer successor.Close()
	old.Close()
	if file, err := os.Lstat(path); err != nil || file.Mode().Type() != fs.ModeSocket {
		t.Errorf("the successor's socket: %v, %v", file, err)
	}
}
