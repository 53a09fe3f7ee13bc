package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fast is a time for batches for which a test does not wait noticeably.
const fast = 100 * time.Microsecond

// report is a call of Durable.
type report struct {
	upTo uint64
	err  error
}

// outbox is a spool and the reports of its Durable.
type outbox struct {
	*Spool
	t       testing.TB
	reports chan report
	mu      sync.Mutex
	trouble []error
	upTo    uint64
	refused map[uint64]error
}

func openOutbox(t testing.TB, o Options, d disk) (*outbox, Recovered) {
	t.Helper()
	b := &outbox{t: t, reports: make(chan report, 1<<12), refused: map[uint64]error{}}
	o.Durable = func(upTo uint64, err error) { b.reports <- report{upTo, err} }
	o.Trouble = func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.trouble = append(b.trouble, err)
	}
	if o.Batch == 0 {
		o.Batch = fast
	}
	s, recovered, err := open(o, d)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	b.Spool = s
	t.Cleanup(func() { s.Close() })
	return b, recovered
}

// keep appends records, and waits until all of them are durable.
func (b *outbox) keep(payloads ...string) []uint64 {
	b.t.Helper()
	var numbers []uint64
	for _, p := range payloads {
		numbers = append(numbers, b.append(p))
	}
	for _, n := range numbers {
		if err := b.outcome(n); err != nil {
			b.t.Fatalf("record %d was not kept: %v", n, err)
		}
	}
	return numbers
}

func (b *outbox) append(payload string) uint64 {
	b.t.Helper()
	n, err := b.Append([]byte(payload))
	if err != nil {
		b.t.Fatalf("append %.20q: %v", payload, err)
	}
	return n
}

// outcome waits for the error that Durable reports for a record.
func (b *outbox) outcome(number uint64) error {
	b.t.Helper()
	for b.upTo < number {
		select {
		case r := <-b.reports:
			if r.upTo <= b.upTo {
				b.t.Fatalf("durable up to %d after %d", r.upTo, b.upTo)
			}
			for n := b.upTo + 1; n <= r.upTo && r.err != nil; n++ {
				b.refused[n] = r.err
			}
			b.upTo = r.upTo
		case <-time.After(10 * time.Second):
			b.t.Fatalf("nothing is said of record %d", number)
		}
	}
	return b.refused[number]
}

// troubles returns the errors that Trouble was called with. It is called after Close.
func (b *outbox) troubles() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(b.trouble...)
}

func (b *outbox) close() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatalf("close: %v", err)
	}
}

// reopen returns what Open recovers from dir.
func reopen(t testing.TB, dir string) Recovered {
	t.Helper()
	b, recovered := openOutbox(t, Options{Dir: dir}, &faultyDisk{})
	b.close()
	return recovered
}

func payloads(records []Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, string(r.Payload))
	}
	return all
}

// segmentFiles returns the paths of the segments in dir, the oldest first.
func segmentFiles(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func diskUse(t testing.TB, dir string) (size int64) {
	t.Helper()
	for _, path := range segmentFiles(t, dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

func onlySegment(t testing.TB, dir string) string {
	t.Helper()
	paths := segmentFiles(t, dir)
	if len(paths) != 1 {
		t.Fatalf("%d segments in %s, want 1", len(paths), dir)
	}
	return paths[0]
}

// copyDir copies the present segments, as a crash would leave them.
func copyDir(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, path := range segmentFiles(t, dir) {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // the spool has deleted it meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func numbered(prefix string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%s %d %s", prefix, i, strings.Repeat("x", i%7)))
	}
	return all
}
