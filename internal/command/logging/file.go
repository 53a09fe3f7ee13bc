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

// lookTime is how often a file checks that its path still names the same file, and how long it waits after a failure
// before it tries again. If the file could not be opened or written, lines that come before the next try are lost.
const lookTime = time.Second

// fileTrouble is the factor by which the throttle time for the file's errors is longer than for other errors: a full
// disk stays full for long.
const fileTrouble = 6

// file is a log file that rotates by size. Its Write fails only after Close; other failures go to trouble.
type file struct {
	path     string
	maxSize  int64
	maxFiles int
	trouble  *trouble
	moved    atomic.Bool // the next Write checks the path first

	mu     sync.Mutex // guards the fields below
	f      *os.File   // nil: not open
	size   int64      // true for a file that is not regular, such as /dev/null: such a file is never renamed
	fixed  bool       // no regular file, such as /dev/null: never renamed
	torn   bool       // the latest write broke off within a line
	look   time.Time  // time of the next check of the path
	err    error      // why f is nil, or why a full file was not rotated
	closed bool
}

// openFile opens the file at once, so that a wrong path is noticed at the start. A file of level None is opened by the
// first Write, after its level has been changed.
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

// prepare opens f if it is not open or its path names another file, and rotates f if f has no room for size bytes. If
// that fails, f.err is set.
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
	if err != nil && f.err == nil { // the full file grows until the next look
		f.err = fmt.Errorf("rotate: %w", err)
		f.trouble.failed(f.err)
	}
}

// full reports whether size more bytes are too many. full reads the file's size again, because a program such as
// logrotate may have copied and truncated the file.
func (f *file) full(size int64) bool {
	if f.maxSize == 0 || f.size == 0 || f.size+size <= f.maxSize {
		return false
	}
	if info, err := f.f.Stat(); err == nil {
		f.resize(info.Size())
	}
	return f.size > 0 && f.size+size > f.maxSize
}

// resize stores the file's actual size.
func (f *file) resize(size int64) {
	f.size = size
	f.torn = f.torn && size > 0
}

// inPlace returns false if somebody has moved or removed the file.
func (f *file) inPlace() bool {
	have, err := f.f.Stat()
	if err != nil {
		return false
	}
	f.resize(have.Size())
	want, err := os.Stat(f.path)
	return err == nil && os.SameFile(have, want)
}

// reopen makes the next Write check that the path still names the same file.
func (f *file) reopen() { f.moved.Store(true) }

func (f *file) open(now time.Time) {
	f.look = now.Add(lookTime)
	if info, err := os.Stat(f.path); err == nil && info.Mode().Type()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		f.err = files.Regular(f.path, info) // opening a pipe would wait for a reader
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
	f.f.Close() // nothing is buffered: an error of Close means no further loss
	f.f, f.size = nil, 0
}

// rotate renames each full file to the next higher number and removes the oldest. If no full files are kept, rotate
// removes the file at the path.
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

// Close closes the file. A second Close does nothing.
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
