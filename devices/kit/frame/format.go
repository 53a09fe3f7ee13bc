package frame

import (
	"errors"
	"fmt"
	"time"
)

// Format says how frames are told apart. The fields that are set say the way: End; Start and End; Size; Length, alone or behind a
// Start; or Match. Gap goes with each of them.
type Format struct {
	// End are the bytes behind each frame, and Start those before it. Neither is part of the frame. What stands between
	// two ends without anything between them is no frame.
	Start, End string
	// Size is the length of each frame.
	Size int
	// Length finds the length in the frame. The frame then has its Start as well, for the length may count it.
	Length *Length
	// Match is a regular expression (syntax of package regexp) over bytes: a . is one byte, \xff the byte 255. The frame is what
	// matches first, with the fewest bytes: "\d+" gives each digit alone, "\d+;" what stands before a semicolon. Therefore it must
	// say how a frame ends, and cannot look around by ^, $ or \b.
	Match string
	// Gap is the longest pause within a frame; 0: any.
	Gap time.Duration
}

// Length says where in a frame its length stands. Usually the length counts the bytes behind itself.
type Length struct {
	At     int  // offset of its first byte from the beginning of the frame
	Bytes  int  // how many bytes it has, 1 to 4
	Little bool // its lowest byte comes first; else the highest
	// Add is how many bytes there are behind the length that it does not count, such as 2 of a checksum; negative, how many up to its
	// own end it counts as well.
	Add int
}

// New makes a Splitter, or says all that is wrong with the format.
func New(f Format) (*Splitter, error) {
	shape, err := f.shape()
	if f.Gap < 0 {
		err = errors.Join(err, fmt.Errorf("gap: %v is negative", f.Gap))
	}
	if err != nil {
		return nil, err
	}
	return &Splitter{gap: f.Gap, shape: shape}, nil
}

// shape returns what finds the frames of the format.
func (f Format) shape() (shape, error) {
	// has is a sum of these, one for each field that is set.
	const start, end, size, length, match = 1, 2, 4, 8, 16
	has := 0
	for bit, set := range map[int]bool{start: f.Start != "", end: f.End != "", size: f.Size != 0, length: f.Length != nil, match: f.Match != ""} {
		if set {
			has |= bit
		}
	}
	switch has {
	case end:
		return &ended{end: []byte(f.End)}, f.fits(len(f.End))
	case start | end:
		return &between{[]byte(f.Start), []byte(f.End)}, f.fits(len(f.Start) + len(f.End))
	case size:
		if f.Size < 0 || f.Size > Max {
			return nil, fmt.Errorf("size: %d is out of range: want 1 to %d", f.Size, Max)
		}
		return sized(f.Size), nil
	case length, start | length:
		return &counted{[]byte(f.Start), *f.Length}, errors.Join(f.fits(len(f.Start)), f.Length.check())
	case match:
		m, err := newMatched(f.Match)
		if err != nil {
			return nil, fmt.Errorf("match: %w", err)
		}
		return m, nil
	}
	return nil, errors.New("want an end, a start and an end, a size, a length (with or without a start) or a match, and nothing else but a gap")
}

// fits says whether there is room for a frame beside so many bytes.
func (f Format) fits(beside int) error {
	if beside >= Max {
		return fmt.Errorf("start and end: %d bytes leave no room for a frame: want fewer than %d", beside, Max)
	}
	return nil
}

func (l Length) check() (err error) {
	if l.At < 0 || l.At > Max {
		err = fmt.Errorf("length.at: %d is out of range: want 0 to %d", l.At, Max)
	}
	if l.Bytes < 1 || l.Bytes > 4 {
		err = errors.Join(err, fmt.Errorf("length.bytes: %d is out of range: want 1 to 4", l.Bytes))
	}
	if l.Add < -Max || l.Add > Max {
		err = errors.Join(err, fmt.Errorf("length.add: %d is out of range: want %d to %d", l.Add, -Max, Max))
	}
	return err
}
