// Package files reads the files that a user names: configurations, maps, passwords, certificates.
//
// What is no regular file is refused before it is opened. A named pipe would keep the program waiting for somebody who
// writes, /dev/zero would never end, and some devices act on being opened.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Max is the size of the largest file that [Read] reads, in bytes. A configuration of 100,000 devices has a third.
const Max = 64 << 20

// Read returns what the regular file at path holds. The error is a [*fs.PathError], on one line: what path is instead, if
// it is no file, and that the file is too large, if it has more than [Max] bytes.
func Read(path string) ([]byte, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text bytes.Buffer
	if size <= Max { // which is what the file says, and it may grow, or be one of /proc and say 0
		text.Grow(int(size) + bytes.MinRead)
		if _, err := text.ReadFrom(io.LimitReader(f, Max+1)); err != nil {
			return nil, err
		}
	}
	if size > Max || text.Len() > Max {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d MB", Max>>20)}
	}
	return text.Bytes(), nil
}

// open opens a regular file and tells its size. It asks twice, for a pipe may take a file's place in between; opened without blocking it
// does no harm.
func open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err == nil { // else opening says why
		if err := Regular(path, info); err != nil {
			return nil, 0, err
		}
	}
	if f, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err == nil {
		err = Regular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Regular returns what is at path instead, if info is not that of a regular file.
func Regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is a " + kind(info.Mode()) + ": want a regular file")}
}

func kind(m fs.FileMode) string {
	switch m.Type() {
	case fs.ModeDir:
		return "directory"
	case fs.ModeNamedPipe:
		return "named pipe"
	case fs.ModeSocket:
		return "socket"
	}
	return "device"
}
