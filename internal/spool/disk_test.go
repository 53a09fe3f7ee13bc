package spool

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// faultyDisk is a real disk with a limited room and with faults.
type faultyDisk struct {
	mu    sync.Mutex
	room  int64 // bytes by which files may still grow, if limit is true
	limit bool
	syncs int
	safe  map[string][]byte // if not nil: the content of each file at its last sync, which a power cut leaves

	failSync, failTruncate, failOpen func() bool // nil: never
}

func (d *faultyDisk) open(path string, flag int) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failOpen != nil && d.failOpen() {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

// syncDir does nothing, for the reason given at Sync.
func (d *faultyDisk) syncDir(string) error { return nil }

// give sets the room that is left on the disk.
func (d *faultyDisk) give(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room, d.limit = room, true
}

func (d *faultyDisk) setFailSync(f func() bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failSync = f
}

type faultyFile struct {
	*os.File
	d *faultyDisk
}

// WriteAt writes as many bytes as there is room for, as a full disk does.
func (f *faultyFile) WriteAt(b []byte, offset int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	grow := max(offset+int64(len(b))-info.Size(), 0)
	if f.d.limit && grow > f.d.room {
		n, _ := f.File.WriteAt(b[:int64(len(b))-grow+f.d.room], offset)
		f.d.room = 0
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	f.d.room -= grow
	return f.File.WriteAt(b, offset)
}

func (f *faultyFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.failTruncate != nil && f.d.failTruncate() {
		return &os.PathError{Op: "truncate", Path: f.Name(), Err: syscall.EIO}
	}
	if info, err := f.Stat(); err == nil {
		f.d.room += info.Size() - size
	}
	return f.File.Truncate(size)
}

// Sync counts the call and syncs nothing: a kill of the process does not lose what is in the system's memory.
func (f *faultyFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.syncs++
	if f.d.failSync != nil && f.d.failSync() {
		return &os.PathError{Op: "sync", Path: f.Name(), Err: syscall.EIO}
	}
	if f.d.safe != nil {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			return err
		}
		f.d.safe[f.Name()] = data
	}
	return nil
}

// cutPower writes to dir what a power cut would leave.
func (d *faultyDisk) cutPower(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, data := range d.safe {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// start makes the present content of dir the one that a power cut leaves.
func (d *faultyDisk) start(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.safe = map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	for _, path := range paths {
		if d.safe[path], err = os.ReadFile(path); err != nil {
			return err
		}
	}
	return err
}
