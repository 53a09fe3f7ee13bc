package service

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// socket is a listener on a unix socket. Close removes the socket's file, unless another process has replaced the file.
type socket struct {
	*net.UnixListener
	path string
	file fs.FileInfo
}

// maxPath is the longest path of a socket, in bytes. Systems allow 104 bytes or more, of which listen needs some for
// the name of its private folder.
const maxPath = 90

// listen listens on the unix socket at path, which only this user may open. listen replaces a socket that a dead
// process has left at path. A socket that another process listens on is an error.
func listen(path string) (*socket, error) {
	if err := CheckSocket(path); err != nil {
		return nil, err
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	// The socket is made in a folder that nobody else may enter, gets its mode there, and only then moves to its path.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	private := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: private, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // the listener would remove the private path
	s := &socket{UnixListener: l, path: path}
	if err := s.publish(private); err != nil {
		_ = l.Close()
		return nil, err
	}
	return s, nil
}

// CheckSocket returns an error if no gateway can ever listen at path. CheckSocket does not look whether a gateway
// listens there.
func CheckSocket(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("path %q is too long for a socket: more than %d bytes", path, maxPath)
	}
	if file, err := os.Lstat(path); err == nil && file.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%q exists and is no socket", path)
	}
	return nil
}

// publish sets the socket's mode and moves the socket from its private path to s.path.
func (s *socket) publish(private string) (err error) {
	if err := os.Chmod(private, 0o600); err != nil {
		return err
	}
	if s.file, err = os.Lstat(private); err != nil {
		return err
	}
	return os.Rename(private, s.path)
}

// Close removes the file before it closes the listener, so that no client finds a socket on which nobody listens. A
// file that another process has put in its place stays.
func (s *socket) Close() error {
	if file, err := os.Lstat(s.path); err == nil && os.SameFile(file, s.file) {
		_ = os.Remove(s.path) // an error leaves a stale socket, which the next gateway replaces
	}
	return s.UnixListener.Close()
}

// vacant returns nil if there is nothing at path, or a socket on which nobody listens. CheckSocket has already refused
// every other kind of file.
func vacant(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		return fmt.Errorf("another process listens on %q: is a gateway running?", path)
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("socket %q: %w", path, err)
}
