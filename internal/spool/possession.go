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
	if info, err := os.Stat(path); err == nil { // opening a named pipe could block for ever
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

// checkLock returns an error unless the lock file at its path is still the file that the spool has locked: another
// gateway may have locked a new file there, and use the directory.
func (s *Spool) checkLock() error {
	held, err := s.lock.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return same(s.lock.Path(), held)
}

// checkFiles returns an error unless the lock and all segments are still the same files: records written to a deleted
// file are lost, even after an fsync.
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

// same returns an error unless path still names file.
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
	return fmt.Errorf("%w: %q: %w: find out which program else uses its directory, and start this gateway again", ErrGone, path, err)
}
