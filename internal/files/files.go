// Package files reads the files that a user names: configurations, maps, passwords, certificates.
//
// Read refuses a file that is not regular before Read opens the file: opening a named pipe would block the program
// until somebody writes, reading /dev/zero would never end, and some devices act on being opened.
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

// Max is the size of the largest file that [Read] reads, in bytes. A configuration of 100,000 devices has a third of
// that size.
const Max = 64 << 20

// Read returns the content of the regular file at path. The error is a [*fs.PathError] of one line. If path is no
// regular file, the error says what path is instead; a file of more than [Max] bytes is an error, too.
func Read(path string) ([]byte, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text bytes.Buffer
	if size <= Max { // a file in /proc has size 0, and a file may grow: the limit below holds, too
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

// open opens a regular file and returns its size. open checks the kind of the file a second time after opening, for a
// pipe may have taken the file's place in between; O_NONBLOCK makes opening such a pipe harmless.
func open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err == nil { // on an error, OpenFile below returns the reason
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

// Regular returns nil if info is that of a regular file, and else an error that says what path is instead.
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
