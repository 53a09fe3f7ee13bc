// Package recording writes down what a connection carries, and reads it again, so that what equipment has said somewhere is a test
// somewhere else. A recording has one JSON object a line:
//
//	{"t":0,"at":"2026-11-29T12:00:00Z"}
//	{"t":0.012,"out":"PW?\r"}
//	{"t":0.512,"in":"PWSTANDBY\r"}
//	{"t":0.912,"in_hex":"02ff03"}
//
// t are the seconds since the connection was opened, in is what has come in, by one read, and out what was sent. Bytes that are no
// UTF-8 are in hexadecimal. A line with at begins each connection. Lines may be added and left out by hand; unknown keys are passed over.
package recording

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// MaxSize is how large a recording becomes: an hour of a busy line, and not a full disk.
const MaxSize = 64 << 20

// Entry is one line of a recording.
type Entry struct {
	After time.Duration // since the connection was opened
	In    []byte        // what has come in; nil: nothing
	Out   []byte        // what was sent; nil: nothing
	Opens bool          // a connection begins
}

// line is an Entry as JSON has it.
type line struct {
	T      json.Number `json:"t"`
	At     *time.Time  `json:"at,omitempty"`
	In     *string     `json:"in,omitempty"`
	InHex  *string     `json:"in_hex,omitempty"`
	Out    *string     `json:"out,omitempty"`
	OutHex *string     `json:"out_hex,omitempty"`
}

// Recorder writes the recording of one connection. Its methods may be called from any goroutine.
type Recorder struct {
	opened time.Time

	mu    sync.Mutex // guards what follows
	file  *os.File
	size  int64
	ended bool  // the recording has come to its end
	why   error // that it has, if nobody has been told yet
}

// Open begins the recording of a connection in a file, behind what that has already. Others than its owner can't read a new file. A file
// without room for more is no error of Open, but of the first In or Out: the connection is worth more than its recording.
func Open(path string) (*Recorder, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	now := time.Now()
	r := &Recorder{opened: now, file: file, size: info.Size()}
	at := now.UTC().Truncate(time.Second)
	r.why = r.write(line{T: "0", At: &at})
	return r, nil
}

// In records what has come in. The error says once why the recording has come to its end: it is too large, or the disk is full. Nothing
// is recorded afterwards, and nothing else is wrong.
func (r *Recorder) In(b []byte) error {
	text, inHex := said(b)
	return r.write(line{T: r.since(), In: text, InHex: inHex})
}

// Out records what was sent. The error is as that of In.
func (r *Recorder) Out(b []byte) error {
	text, inHex := said(b)
	return r.write(line{T: r.since(), Out: text, OutHex: inHex})
}

func (r *Recorder) since() json.Number {
	return json.Number(fmt.Sprintf("%.3f", time.Since(r.opened).Seconds()))
}

// said returns bytes as text or, if they are none, in hexadecimal.
func said(b []byte) (text, inHex *string) {
	if utf8.Valid(b) {
		s := string(b)
		return &s, nil
	}
	s := hex.EncodeToString(b)
	return nil, &s
}

func (r *Recorder) write(l line) error {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	err := to.Encode(l)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		why := r.why
		r.why = nil
		return why
	case r.size+int64(b.Len()) > MaxSize:
		err = fmt.Errorf("recording: %s has %d bytes, and is not made larger", r.file.Name(), r.size)
	default:
		var n int
		n, err = r.file.Write(b.Bytes())
		r.size += int64(n)
	}
	r.ended = err != nil
	return err
}

// Close ends the recording. What comes afterwards is not recorded.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	return r.file.Close()
}

// Read reads a recording. The error says in which line it is none.
func Read(from io.Reader) ([]Entry, error) {
	var all []Entry
	lines := bufio.NewReaderSize(from, 64<<10)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if len(text) > 1 || err == nil && len(text) > 0 && text[0] != '\n' {
			e, fault := parse(text)
			if fault != nil {
				return all, fmt.Errorf("line %d: %w", number, fault)
			}
			all = append(all, e)
		}
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func parse(text []byte) (Entry, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Entry{}, err
	}
	seconds, err := l.T.Float64()
	if err != nil || seconds < 0 || seconds > 1e9 {
		return Entry{}, fmt.Errorf("t: %q, want seconds", l.T)
	}
	e := Entry{After: time.Duration(seconds * float64(time.Second)), Opens: l.At != nil}
	if e.In, err = bytesOf(l.In, l.InHex); err != nil {
		return Entry{}, fmt.Errorf("in_hex: %w", err)
	}
	if e.Out, err = bytesOf(l.Out, l.OutHex); err != nil {
		return Entry{}, fmt.Errorf("out_hex: %w", err)
	}
	return e, nil
}

func bytesOf(text, inHex *string) ([]byte, error) {
	switch {
	case text != nil:
		return []byte(*text), nil
	case inHex != nil:
		return hex.DecodeString(*inHex)
	}
	return nil, nil
}
