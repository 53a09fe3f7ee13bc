package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/mqttgateway/mqttgateway/internal/files"
)

// possess makes the directory and locks it. The lock ends with the process, the file stays.
func (s *Spool) possess() error {
	if _, err := os.Stat(s.dir); errors.Is(err, os.ErrNotExist) {
		if err := errors.Join(os.MkdirAll(s.dir, 0o700), s.disk.syncDir(filepath.Dir(s.dir))); err != nil {
			return fmt.Errorf("spool directory: %w", err)
		}
	}
	path := filepath.Join(s.dir, "lock")
	if info, err := os.Stat(path); err == nil { // to open a named pipe could take for ever
		if err := files.Regular(path, info); err != nil {
			return fmt.Errorf("spool directory: lock: %w", err)
		}
	}
	s.lock = flock.New(path, flock.SetPermissions(0o600))
	locked, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("spool directory: lock: %w", err)
	}
	if !locked {
		return fmt.Errorf("spool directory %q is in use by another gateway, which holds %q: each needs its own",
			s.dir, path)
	}
	return nil
}

// checkLock returns an error if the lock file is not the one that the spool holds any more: another gateway may hold the file
// that is there now, and the directory with it.
func (s *Spool) checkLock() error {
	held, err := s.lock.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return same(s.lock.Path(), held)
}

// checkFiles returns an error if the lock or a segment is not the file that it was: what is written to a deleted file is not
// kept, however well it was synced.
func (s *Spool) checkFiles() error {
	if err := s.checkLock(); err != nil {
		return err
	}
	for _, seg := range s.segments {
		if err := same(seg.path, seg.info); err != nil {
			return err
		}
	}
	return nil
}

// same returns an error if path does not lead to file any more.
func same(path string, file os.FileInfo) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = errors.New("it was deleted")
	case err == nil && !os.SameFile(info, file):
		err = errors.New("it was replaced")
	case err == nil:
		return nil
	}
	return fmt.Errorf("%w: %q: %w: find out who else uses its directory, and start this gateway again", ErrGone, path, err)
}
