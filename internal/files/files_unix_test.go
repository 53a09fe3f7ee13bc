//go:build unix

package files

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Read refuses what is not a regular file at once, whether somebody writes to it or not.
func TestReadNoFile(t *testing.T) {
	dir, err := os.MkdirTemp("", "") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pipe, link, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "socket")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe", link); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, is := range map[string]string{pipe: "named pipe", link: "named pipe", socket: "socket", "/dev/zero": "device", os.DevNull: "device"} {
		_, err := Read(path)
		wantPathError(t, err, path, "it is a "+is+": want a regular file")
	}
}
