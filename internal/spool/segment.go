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

// file is an open segment.
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

// disk is what the spool writes to. Tests replace it by one that fails.
type disk interface {
	// open opens a segment for writing.
	open(path string, flag int) (file, error)
	// syncDir makes the names in a directory durable.
	syncDir(path string) error
}

type realDisk struct{}

func (realDisk) open(path string, flag int) (file, error) { return os.OpenFile(path, flag, 0o600) }

// syncDir does nothing on Windows, which has no such call and needs none.
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

// segment is one file of the spool. Its fields belong to the goroutine of run.
type segment struct {
	path  string
	floor uint64      // the number in its name
	info  os.FileInfo // by which checkFiles recognizes the file
	salt  uint32
	size  int64 // of the file, in bytes, with its damaged parts
	kept  int64 // bytes of the frames of kept records
	moved bool  // every kept record that could be read has a copy in a newer segment
}

func newSegment(dir string, floor uint64) *segment {
	salt := rand.Uint32()
	name := fmt.Sprintf("%016x-%08x%s", floor, salt, extension)
	return &segment{path: filepath.Join(dir, name), floor: floor, salt: salt}
}

// namedSegment returns the segment with this file name in dir, or false for a name that no segment has.
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

// markReleased marks the frame at offset as released.
func markReleased(f file, offset int64) error {
	_, err := f.WriteAt(binary.LittleEndian.AppendUint32(nil, released), offset)
	return err
}
