package spool

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

var (
	// ErrFull means that MaxBytes are kept. There is room again when a record is released.
	ErrFull = errors.New("spool is full")
	// ErrTooLarge means that a record is larger than the whole spool may be: no release makes room for it.
	ErrTooLarge = errors.New("record is larger than the spool")
	// ErrGone means that somebody has deleted or replaced the directory or a file in it. The spool keeps nothing more, and
	// touches nothing, until it is opened anew.
	ErrGone = errors.New("spool is gone")
	// ErrClosed means that the spool was closed.
	ErrClosed = errors.New("spool is closed")
)

// Options for Open. Dir and Durable are required; for the others 0 means the default.
type Options struct {
	Dir string // made if it does not exist, readable by its owner only

	// Batch is how long the first record of a batch waits for others, to share an fsync with them. A longer wait means fewer
	// fsyncs and later reports. The default is 5 ms.
	Batch time.Duration
	// SegmentSize is the number of bytes after which a new file begins, 4 MiB by default. Disk is given back file by file: with
	// smaller segments sooner, and there are more files.
	SegmentSize int64
	// MaxBytes bounds the kept records, each counted with its header, 64 MiB by default. The files take at most about twice
	// that and four segments.
	MaxBytes int64

	// Durable is called for all records in order, some at a time: those above the number of the previous call and up to upTo.
	// If err is nil they are on disk, or were released before they got there. Otherwise they are not kept, and the caller may
	// append them again. Durable runs on the goroutine that writes, which waits for it; it may call Append and Release, not
	// Close.
	Durable func(upTo uint64, err error)
	// Trouble, if not nil, is called on the same goroutine for faults of the disk that lose no record: a release that is not
	// written, so that the record comes back after a crash, or a file that cannot be deleted.
	Trouble func(err error)
}

// Spool is an append-only log of records. Append and Release may be called from any goroutine.
type Spool struct {
	dir         string
	batch       time.Duration
	segmentSize int64
	maxBytes    int64
	durable     func(uint64, error)
	trouble     func(error)
	disk        disk
	lock        *flock.Flock
	wake        chan struct{} // holds a token when there is something to do
	done        chan struct{} // closed by Close
	ended       chan struct{} // closed when the goroutine has ended; err is set before
	err         error

	mu       sync.Mutex // guards what follows
	closed   bool
	next     uint64           // the number of the next record
	bytes    int64            // of the frames in kept
	kept     map[uint64]place // by number: the records that are not released
	pending  []Record         // to be written
	released []place          // to be marked
	since    time.Time        // when pending and released were empty last

	// What follows belongs to the goroutine.
	segments []*segment // by age; records are appended to the last
	tail     file       // the last segment, or nil when the next record goes to a new one
	stored   uint64     // no segment holds a higher number
	buf      []byte     // frames to be written
	gone     error      // wraps ErrGone, once a file is found to be gone
}

// place is where the frame of a record stands; seg is nil until it is on disk.
type place struct {
	seg          *segment
	offset, size int64
}

// Open locks the directory and reads the segments in it. A file that cannot be read and a directory that is in use are errors;
// damage is not.
func Open(o Options) (*Spool, Recovered, error) { return open(o, realDisk{}) }

func open(o Options, d disk) (*Spool, Recovered, error) {
	s := &Spool{
		dir:         o.Dir,
		batch:       cmp.Or(o.Batch, 5*time.Millisecond),
		segmentSize: cmp.Or(o.SegmentSize, 4<<20),
		maxBytes:    cmp.Or(o.MaxBytes, 64<<20),
		durable:     o.Durable,
		trouble:     o.Trouble,
		disk:        d,
		wake:        make(chan struct{}, 1),
		done:        make(chan struct{}),
		ended:       make(chan struct{}),
		kept:        map[uint64]place{},
	}
	if s.trouble == nil {
		s.trouble = func(error) {}
	}
	if err := s.possess(); err != nil {
		return nil, Recovered{}, err
	}
	recovered, err := s.recover()
	if err == nil {
		err = s.reopen()
	}
	if err != nil {
		return nil, Recovered{}, errors.Join(fmt.Errorf("spool directory: %w", err), s.lock.Unlock())
	}
	go s.run()
	return s, recovered, nil
}

// Append adds a record and returns its number, for which Durable is called later. The payload belongs to the spool until then.
// The error is ErrFull, ErrTooLarge or ErrClosed.
func (s *Spool) Append(payload []byte) (uint64, error) {
	size := frameSize(len(payload))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return 0, ErrClosed
	case size > s.maxBytes || size > math.MaxUint32:
		return 0, ErrTooLarge
	case s.bytes+size > s.maxBytes:
		return 0, ErrFull
	}
	number := s.next
	s.next++
	s.bytes += size
	s.kept[number] = place{size: size}
	s.wakeUp()
	s.pending = append(s.pending, Record{number, payload})
	return number, nil
}

// Release gives a record up; its room is free at once. A number that is not kept changes nothing. A release after Close is not
// written.
func (s *Spool) Release(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.kept[number]
	if !ok {
		return
	}
	delete(s.kept, number)
	s.bytes -= p.size
	if p.seg != nil { // otherwise the goroutine does not write the record
		s.wakeUp()
		s.released = append(s.released, p)
	}
}

// wakeUp wakes the goroutine if it has nothing to do yet. The caller holds mu.
func (s *Spool) wakeUp() {
	if len(s.pending) > 0 || len(s.released) > 0 {
		return
	}
	s.since = time.Now()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close writes what was appended and released before, calls Durable, and unlocks the directory. A second call returns the same
// error.
func (s *Spool) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	<-s.ended
	return s.err
}
