package logging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/files"
)

// lookTime is how often a file looks whether it is still the one at its path, and how long it waits after a failure
// until it tries again. What is written in between is lost, if the file could not be opened or written.
const lookTime = time.Second

// fileTrouble is how many times longer than for other errors the throttle time is for those of the file: a full disk
// lasts.
const fileTrouble = 6

// file is a log file that rotates by size. Its writes fail only after Close; any other failure goes to trouble.
type file struct {
	path     string
	maxSize  int64
	maxFiles int
	trouble  *trouble
	moved    atomic.Bool // somebody says so: it is to be looked for at its path

	mu     sync.Mutex // guards what follows
	f      *os.File   // nil: to be opened
	size   int64
	fixed  bool      // no regular file, such as /dev/null: never renamed
	torn   bool      // the latest write broke off within a line
	look   time.Time // when to look again
	err    error     // why f is nil, or why a full file was not rotated
	closed bool
}

// openFile opens the file at once, so that a wrong path shows at the start. One of level None is opened when it is first
// written to, after its level has been changed.
func openFile(o File, t *trouble) *file {
	f := &file{path: o.Path, maxSize: o.MaxSize, maxFiles: o.MaxFiles, trouble: t}
	if o.Level == None {
		return f
	}
	if f.open(time.Now()); f.err != nil {
		t.failed(f.err)
	}
	return f
}

// Write writes one line.
func (f *file) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, os.ErrClosed
	}
	f.prepare(time.Now(), int64(len(line)))
	if f.f != nil {
		f.append(line)
	}
	switch {
	case f.f == nil:
		f.trouble.failed(f.err)
	case f.err == nil:
		f.trouble.recovered()
	}
	return len(line), nil
}

// prepare sees to it that f is the file at its path and has room for size bytes, if that can be had.
func (f *file) prepare(now time.Time, size int64) {
	if f.moved.Swap(false) || !now.Before(f.look) {
		f.look = now.Add(lookTime)
		if f.f != nil && (f.err != nil || !f.inPlace()) {
			f.drop()
		}
		if f.f == nil {
			f.open(now)
		}
	}
	if f.f == nil || f.fixed || f.err != nil || !f.full(size) {
		return
	}
	f.drop()
	err := f.rotate()
	f.open(now)
	if err != nil && f.err == nil { // the full file goes on growing, until the next look
		f.err = fmt.Errorf("rotate: %w", err)
		f.trouble.failed(f.err)
	}
}

// full tells whether size bytes are too many. It asks the file once more: who copied it and cut it off has made room.
func (f *file) full(size int64) bool {
	if f.maxSize == 0 || f.size == 0 || f.size+size <= f.maxSize {
		return false
	}
	if info, err := f.f.Stat(); err == nil {
		f.resize(info.Size())
	}
	return f.size > 0 && f.size+size > f.maxSize
}

// resize takes the size over that the file has.
func (f *file) resize(size int64) {
	f.size = size
	f.torn = f.torn && size > 0
}

// inPlace is false when somebody has moved or removed the file.
func (f *file) inPlace() bool {
	have, err := f.f.Stat()
	if err != nil {
		return false
	}
	f.resize(have.Size())
	want, err := os.Stat(f.path)
	return err == nil && os.SameFile(have, want)
}

// reopen has the next line look whether the file is still the one at its path.
func (f *file) reopen() { f.moved.Store(true) }

func (f *file) open(now time.Time) {
	f.look = now.Add(lookTime)
	if info, err := os.Stat(f.path); err == nil && info.Mode().Type()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		f.err = files.Regular(f.path, info) // to open a pipe waits for a reader, and to write to it may for ever
		return
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		f.err = err
		return
	}
	info, err := file.Stat()
	if err != nil {
		f.err = errors.Join(err, file.Close())
		return
	}
	f.f, f.fixed, f.err = file, !info.Mode().IsRegular(), nil
	f.resize(info.Size())
}

func (f *file) append(line []byte) {
	if f.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := f.f.Write(line)
	f.size += int64(n)
	f.torn = f.torn && n == 0 || n > 0 && n < len(line)
	if err != nil {
		f.drop()
		f.err = err
	}
}

func (f *file) drop() {
	f.f.Close() // nothing is buffered: an error loses nothing that Write did not tell
	f.f, f.size = nil, 0
}

// rotate makes each full file one older; the oldest goes, and that is the one at the path if none is kept.
func (f *file) rotate() error {
	if f.maxFiles == 0 {
		return os.Remove(f.path)
	}
	old := func(i int) string { return fmt.Sprintf("%s.%d", f.path, i) }
	for i := f.maxFiles - 1; i > 0; i-- {
		if err := os.Rename(old(i), old(i+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(f.path, old(1))
}

// Close closes the file. It is safe to call twice.
func (f *file) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	var err error
	if f.f != nil {
		err = f.f.Close()
	}
	f.mu.Unlock()
	f.trouble.close()
	return err
}
