package spool

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

const extension = ".spool"

// file is what is done to an open segment.
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

// disk is what the spool writes to. Tests put faults in between.
type disk interface {
	// open opens a segment for writing.
	open(path string, flag int) (file, error)
	// syncDir makes the names in a directory durable.
	syncDir(path string) error
}

type realDisk struct{}

func (realDisk) open(path string, flag int) (file, error) { return os.OpenFile(path, flag, 0o600) }

// Windows has no such call and does it by itself.
func (realDisk) syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// segment is one file of the spool. Its fields belong to the goroutine that writes.
type segment struct {
	path  string
	floor uint64      // the number in its name
	info  os.FileInfo // by which it is known again
	salt  uint32
	size  int64 // bytes that are good or were once
	owed  int64 // bytes of the frames that are owed
	moved bool  // all that could be read of what is owed is in a newer segment
}

func newSegment(dir string, floor uint64) *segment {
	salt := rand.Uint32()
	name := fmt.Sprintf("%016x-%08x%s", floor, salt, extension)
	return &segment{path: filepath.Join(dir, name), floor: floor, salt: salt}
}

// namedSegment returns the segment that a file of this name in dir is, if it is one.
func namedSegment(dir, name string) (*segment, bool) {
	stem, ok := strings.CutSuffix(name, extension)
	floor, salt, dash := strings.Cut(stem, "-")
	if !ok || !dash || len(floor) != 16 || len(salt) != 8 {
		return nil, false
	}
	f, err := strconv.ParseUint(floor, 16, 63)
	if err != nil {
		return nil, false
	}
	s, err := strconv.ParseUint(salt, 16, 32)
	if err != nil {
		return nil, false
	}
	return &segment{path: filepath.Join(dir, name), floor: f, salt: uint32(s)}, true
}

// markReleased writes down that the frame at offset is not owed any more.
func markReleased(f file, offset int64) error {
	_, err := f.WriteAt(binary.LittleEndian.AppendUint32(nil, released), offset)
	return err
}
