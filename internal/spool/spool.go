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
	// ErrFull says that MaxBytes are owed. There is room again when something is released.
	ErrFull = errors.New("spool is full")
	// ErrTooLarge says that a record is larger than the whole spool may be: no release makes room for it.
	ErrTooLarge = errors.New("record is larger than the spool")
	// ErrGone says that the directory, or a file in it, is not what the spool had there: somebody has deleted or replaced
	// it. Nothing is kept any more, nor touched, until the spool is opened anew.
	ErrGone = errors.New("spool is gone")
	// ErrClosed says that the spool was closed.
	ErrClosed = errors.New("spool is closed")
)

// Options for Open. Dir and Durable are required, the others have defaults that stand for 0.
type Options struct {
	Dir string // made if it does not exist, readable by its owner only

	// Batch is how long the first record of a batch waits for others, to share an fsync with them: the
	// higher, the fewer fsyncs and the later the report. 5 ms by default.
	Batch time.Duration
	// SegmentSize is the number of bytes after which a new file begins, 4 MiB by default. Files are what is
	// deleted: the lower, the sooner room is given back, and the more files there are.
	SegmentSize int64
	// MaxBytes bounds what is owed, each record counted with its header, 64 MiB by default. The files take
	// at most about twice that and four segments.
	MaxBytes int64

	// Durable is told of each record in order, some at a time: those up to this number, and after the number
	// that it was told before, are on disk if err is nil (or were released before they got there); otherwise
	// they are not kept, and Append may be tried again. It is called by the goroutine that writes and holds it
	// up; it may call Append and Release, not Close.
	Durable func(upTo uint64, err error)
	// Trouble, if not nil, is told of faults of the disk that lose nothing, by the same goroutine: a release
	// that is not written down, so that the record comes back after a crash, or a file that stays.
	Trouble func(err error)
}

// Spool is an append-only log of records that are owed. Append and Release may be called from anywhere.
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
	ended       chan struct{} // closed when the goroutine is gone; err is there then
	err         error

	mu      sync.Mutex // guards what follows
	closed  bool
	next    uint64 // the number of the next record
	bytes   int64  // of the frames in owed
	owed    map[uint64]place
	pending []Record  // to be written
	freed   []place   // to be marked as released
	since   time.Time // when the first came into pending and freed

	// These belong to the goroutine.
	segments []*segment // by age; records are appended to the last
	tail     file       // the last segment, or nil when the next record goes to a new one
	stored   uint64     // no segment holds a higher number
	buf      []byte     // frames to be written
	gone     error      // wraps ErrGone, once that is known
}

// place is where the frame of a record stands; seg is nil until it is on disk.
type place struct {
	seg          *segment
	offset, size int64
}

// Open takes possession of the directory and reads what is in it. A file that cannot be read, and a directory
// that is in use, are errors; damage is not.
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
		owed:        map[uint64]place{},
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

// Append takes a record that is owed from now on, and returns its number: one that Durable will be told of.
// The payload belongs to the spool until then. The error is ErrFull, ErrTooLarge or ErrClosed.
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
	s.owed[number] = place{size: size}
	s.stir()
	s.pending = append(s.pending, Record{number, payload})
	return number, nil
}

// Release says that a record is not owed any more; its room is free at once. A number that is not owed
// changes nothing. Once Close has returned nothing is written down.
func (s *Spool) Release(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.owed[number]
	if !ok {
		return
	}
	delete(s.owed, number)
	s.bytes -= p.size
	if p.seg != nil { // otherwise the goroutine will miss it in owed
		s.stir()
		s.freed = append(s.freed, p)
	}
}

// stir wakes the goroutine; s.mu is held.
func (s *Spool) stir() {
	if len(s.pending) > 0 || len(s.freed) > 0 {
		return
	}
	s.since = time.Now()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close writes what was appended and released before, tells Durable, and gives the directory back.
// Whoever calls it again gets the same error.
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
