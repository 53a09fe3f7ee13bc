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
	// ErrFull means that the kept records have MaxBytes. There is room again when a record is released.
	ErrFull = errors.New("spool is full")
	// ErrTooLarge means that a record is larger than the whole spool may be: no release makes room for it.
	ErrTooLarge = errors.New("record is larger than the spool")
	// ErrGone means that somebody has deleted or replaced the directory or a file in it. The spool keeps nothing more, and
	// touches nothing, until it is opened anew.
	ErrGone = errors.New("spool is gone")
	// ErrClosed means that the spool was closed.
	ErrClosed = errors.New("spool is closed")
)

// Options are the options of Open. Dir and Durable are required; 0 in another field means its default.
type Options struct {
	Dir string // created if it does not exist; only its owner may read it

	// Batch is how long the first record of a batch waits for further records, which share its fsync. A longer time
	// means fewer fsyncs and later reports. The default is 5 ms.
	Batch time.Duration
	// SegmentSize is the number of bytes after which a new file begins, 4 MiB by default. The spool frees disk space by
	// deleting whole files: smaller segments free it sooner, but make more files.
	SegmentSize int64
	// MaxBytes bounds the kept records, each counted with its header, 64 MiB by default. The files take at most about
	// twice MaxBytes, and four segments more.
	MaxBytes int64

	// Durable reports records in order, several at a time: each call is about the records above the number of the
	// previous call, up to upTo. If err is nil, the records are on disk, or were released before they were written.
	// Otherwise they are not kept, and the caller may append them again. Durable is called on the spool's own
	// goroutine, which waits for it. It may call Append and Release, but not Close.
	Durable func(upTo uint64, err error)
	// Trouble, if not nil, is called on the same goroutine for a fault of the disk that loses no record: a release that
	// cannot be marked, so that its record comes back after a crash, or a file that cannot be deleted.
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
	wake        chan struct{} // has a token when there is something to write
	done        chan struct{} // closed by Close
	ended       chan struct{} // closed when the goroutine has ended; err is set before
	err         error

	mu       sync.Mutex // guards the fields below
	closed   bool
	next     uint64           // the number of the next record
	bytes    int64            // size of the frames of all records in kept
	kept     map[uint64]place // by number: all records that are not released
	pending  []Record         // records to write
	released []place          // released records to mark
	since    time.Time        // when the first of pending and released was added

	// The fields below belong to the goroutine of run.
	segments []*segment // by age; records are appended to the newest, the last one
	tail     file       // the newest segment; nil if the next record goes to a new one
	stored   uint64     // the highest number in any segment
	buf      []byte     // frames to be written
	gone     error      // wraps ErrGone, once a file is found to be gone
}

// place is where the frame of a record is stored; seg is nil until the frame is on disk.
type place struct {
	seg          *segment
	offset, size int64
}

// Open locks the directory and reads its segments. Open returns an error if a file cannot be read, or if the directory
// is in use; damage is no error.
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

// Append adds a record and returns its number. Durable is called for that number later. The payload belongs to the
// spool until then. The error is ErrFull, ErrTooLarge or ErrClosed.
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

// Release releases a record, and frees its room at once. Releasing a number that is not kept has no effect. A release
// after Close is not marked.
func (s *Spool) Release(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.kept[number]
	if !ok {
		return
	}
	delete(s.kept, number)
	s.bytes -= p.size
	if p.seg != nil { // if nil, run will skip the record
		s.wakeUp()
		s.released = append(s.released, p)
	}
}

// Size returns the number of records, the bytes that they take, and how many bytes all records may take.
func (s *Spool) Size() (records int, bytes, most int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept), s.bytes, s.maxBytes
}

// wakeUp wakes the goroutine of run if that has nothing to do. The caller holds mu.
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

// Close writes the records and releases before it, calls Durable, and unlocks the directory. A second call returns the
// same error.
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
