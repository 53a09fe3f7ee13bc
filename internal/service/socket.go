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

// socket is a listener on a unix socket that takes its file away when it is closed, if the file is still its own.
type socket struct {
	*net.UnixListener
	path string
	file fs.FileInfo
}

// maxPath is the longest path in bytes that surely works: systems allow 104 and more, and listen needs some for itself.
const maxPath = 90

// listen listens on the unix socket at path, which is open to this user only. One that a dead process has left there
// is replaced; one that somebody listens on is an error.
func listen(path string) (*socket, error) {
	if err := CheckSocket(path); err != nil {
		return nil, err
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	// The socket comes to its place only when its mode is right: until then it is in a folder that nobody else may enter.
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
	l.SetUnlinkOnClose(false) // it would unlink the private path
	s := &socket{UnixListener: l, path: path}
	if err := s.publish(private); err != nil {
		_ = l.Close()
		return nil, err
	}
	return s, nil
}

// CheckSocket says why no gateway can ever listen at path. Whether one does it does not ask.
func CheckSocket(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("path %q is too long for a socket: more than %d bytes", path, maxPath)
	}
	if file, err := os.Lstat(path); err == nil && file.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%q exists and is no socket", path)
	}
	return nil
}

// publish moves the socket from its private path to its place.
func (s *socket) publish(private string) (err error) {
	if err := os.Chmod(private, 0o600); err != nil {
		return err
	}
	if s.file, err = os.Lstat(private); err != nil {
		return err
	}
	return os.Rename(private, s.path)
}

// Close takes the file away first: nobody finds a socket on which nobody listens. A file that another process has put
// in its place stays.
func (s *socket) Close() error {
	if file, err := os.Lstat(s.path); err == nil && os.SameFile(file, s.file) {
		_ = os.Remove(s.path) // one that stays is stale, and the next gateway replaces it
	}
	return s.UnixListener.Close()
}

// vacant returns an error unless there is nothing at path, or a socket on which nobody listens. There is no other file.
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
