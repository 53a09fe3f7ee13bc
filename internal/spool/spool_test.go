package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeptRecordsComeBackInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "spool")
	b, recovered := openOutbox(t, Options{Dir: dir, SegmentSize: 100}, realDisk{})
	if len(recovered.Records)+len(recovered.Damage) > 0 {
		t.Errorf("a new directory holds %v", recovered)
	}
	all := numbered("status", 20)
	numbers := b.keep(all...)
	b.Release(numbers[3])
	b.Release(numbers[0])
	b.Release(numbers[0]) // no effect: released already
	b.Release(12345)      // no effect: never kept
	b.close()

	b, recovered = openOutbox(t, Options{Dir: dir, SegmentSize: 100}, realDisk{})
	want := slices.Concat(all[1:3], all[4:])
	if got := payloads(recovered.Records); !slices.Equal(got, want) || len(recovered.Damage) > 0 {
		t.Errorf("reopened: %q, %v; want %q", got, recovered.Damage, want)
	}
	if got := recovered.Records[0].Number; got != numbers[1] {
		t.Errorf("first record has number %d, want its old one, %d", got, numbers[1])
	}
	if n := b.keep("later")[0]; n <= numbers[19] {
		t.Errorf("number %d after reopening, want one above %d", n, numbers[19])
	}
	for _, r := range recovered.Records {
		b.Release(r.Number)
	}
	b.close()
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"later"}) {
		t.Errorf("after releasing what was recovered: %q, want the later one", got)
	}
}

func TestNumbersGoOnWhenNothingIsKept(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for range 5 {
		b, recovered := openOutbox(t, Options{Dir: dir, SegmentSize: 50}, realDisk{})
		if len(recovered.Records) > 0 {
			t.Fatalf("recovered %v, want nothing", recovered.Records)
		}
		for _, n := range b.keep(numbered("x", 5)...) {
			if n <= last {
				t.Fatalf("number %d after %d", n, last)
			}
			last = n
			b.Release(n)
		}
		b.close()
	}
	onlySegment(t, dir)
}

func TestSegmentsAreReclaimed(t *testing.T) {
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 1000}, realDisk{})
	var numbers []uint64
	for range 50 {
		numbers = append(numbers, b.keep(strings.Repeat("x", 100))...)
	}
	if n := len(segmentFiles(t, dir)); n < 5 {
		t.Fatalf("%d segments, want at least 5", n)
	}
	for _, n := range numbers {
		b.Release(n)
	}
	b.close()
	onlySegment(t, dir)
	if err := b.troubles(); err != nil {
		t.Error(err)
	}
}

// One record in fifty is never released, like the retained statuses of quiet devices that are kept beside those of a
// busy one while the broker is away.
func TestFewKeptRecordsDoNotKeepTheRest(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, SegmentSize: 1000, MaxBytes: 10_000}
	b, _ := openOutbox(t, o, &faultyDisk{})
	var want []string
	for i := range 100 {
		some := numbered(fmt.Sprintf("round %d", i), 50)
		numbers := b.keep(some...)
		want = append(want, some[i%50])
		for j, n := range numbers {
			if j != i%50 {
				b.Release(n)
			}
		}
	}
	b.close()
	if err := b.troubles(); err != nil {
		t.Error(err)
	}
	if size, most := diskUse(t, dir), 2*o.MaxBytes+4*o.SegmentSize; size > most {
		t.Errorf("%d bytes on disk, want at most %d", size, most)
	}
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, want) {
		t.Errorf("%d records came back, want %d in order", len(got), len(want))
	}
}

// Moving records may fill several new segments at once: their names sort by age, as all names do.
func TestMovedAtOnce(t *testing.T) {
	dir := t.TempDir()
	three := 3 * frameSize(4)
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: three}, &faultyDisk{})
	var want []string
	var rest []uint64
	for i := range 60 {
		payload := fmt.Sprintf("%04d", i)
		if n := b.keep(payload)[0]; i%3 == 1 {
			want = append(want, payload)
		} else {
			rest = append(rest, n)
		}
	}
	for _, n := range rest {
		b.Release(n)
	}
	want = append(want, "last")
	b.keep("last")
	b.keep("more")
	want = append(want, "more")
	b.close()
	floors := map[string]bool{}
	for _, path := range segmentFiles(t, dir) {
		floor, _, _ := strings.Cut(filepath.Base(path), "-")
		if floors[floor] {
			t.Errorf("two segments begin with %s", floor)
		}
		floors[floor] = true
	}
	kept := int64(len(want)) * frameSize(4)
	if size := diskUse(t, dir); size > 2*kept+3*three {
		t.Errorf("%d bytes on disk of which %d are kept", size, kept)
	}
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, want) {
		t.Errorf("came back: %q, want %q", got, want)
	}
}

// The name of an empty segment is all that is left of the numbers before it.
func TestNumbersGoOnAfterAnEmptySegment(t *testing.T) {
	for name, reopened := range map[string]bool{"in one life": false, "begun in another life": true} {
		t.Run(name, func(t *testing.T) {
			d := &faultyDisk{}
			o := Options{Dir: t.TempDir(), SegmentSize: 60} // has room for these three records
			b, _ := openOutbox(t, o, d)
			numbers := b.keep("one", "two", "three")
			if reopened {
				b.close()
				b, _ = openOutbox(t, o, d)
			}
			d.give(0)
			if _, err := b.Append([]byte("lost")); err != nil {
				t.Fatal(err)
			}
			if r := <-b.reports; !errors.Is(r.err, syscall.ENOSPC) {
				t.Fatalf("on a full disk: %v", r.err)
			}
			for _, n := range numbers {
				b.Release(n)
			}
			b.close()
			if size := diskUse(t, o.Dir); size > 0 {
				t.Fatalf("%d bytes in %q, want an empty segment", size, segmentFiles(t, o.Dir))
			}
			b, _ = openOutbox(t, o, &faultyDisk{})
			if n := b.append("new"); n <= numbers[2] {
				t.Errorf("number %d was given out again", n)
			}
			b.close()
		})
	}
}

func TestRoom(t *testing.T) {
	b, _ := openOutbox(t, Options{Dir: t.TempDir(), MaxBytes: 3 * frameSize(10)}, realDisk{})
	ten := strings.Repeat("x", 10)
	numbers := b.keep(ten, ten, ten)
	if _, err := b.Append(nil); !errors.Is(err, ErrFull) {
		t.Errorf("append to a full spool: %v, want %v", err, ErrFull)
	}
	b.Release(numbers[1])
	if n, bytes, most := b.Size(); n != 2 || bytes != 2*frameSize(10) || most != 3*frameSize(10) {
		t.Errorf("size %d records with %d of %d bytes, want 2 with two thirds", n, bytes, most)
	}
	b.keep(ten)
	if _, err := b.Append(make([]byte, 100)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("append of more than the spool holds: %v, want %v", err, ErrTooLarge)
	}
	b.close()
	if _, err := b.Append(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v, want %v", err, ErrClosed)
	}
	b.Release(numbers[0])
	b.close()
}

func TestABatchLargerThanASegment(t *testing.T) {
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 100, Batch: 20 * time.Millisecond}, realDisk{})
	all := append(numbered("status", 50), strings.Repeat("long", 1000))
	b.keep(all...)
	b.close()
	if n := len(segmentFiles(t, dir)); n < 10 {
		t.Errorf("%d segments, want at least 10", n)
	}
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, all) {
		t.Errorf("came back: %q", got)
	}
}

func TestOneGatewayADirectory(t *testing.T) {
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir}, realDisk{})
	_, _, err := Open(Options{Dir: dir, Durable: func(uint64, error) {}})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "lock")) {
		t.Errorf("second open: %v, want an error that names the lock", err)
	}
	b.close()
	reopen(t, dir)
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	b, _ := openOutbox(t, Options{Dir: dir}, realDisk{})
	b.keep("secret")
	b.close()
	for path, want := range map[string]fs.FileMode{dir: 0o700, onlySegment(t, dir): 0o600, filepath.Join(dir, "lock"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"a file": occupied, "a place below a file": filepath.Join(occupied, "spool")} {
		if _, _, err := Open(Options{Dir: dir, Durable: func(uint64, error) {}}); err == nil || !strings.Contains(err.Error(), occupied) {
			t.Errorf("%s as directory: %v, want an error that names it", name, err)
		}
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	names := []string{"README", "0000000000000001.spool", "0000000000000001-zzzzzzzz.spool", "8000000000000000-00000001.spool", "+000000000000001-00000001.spool"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if recovered := reopen(t, dir); len(recovered.Records)+len(recovered.Damage) > 0 {
		t.Errorf("recovered %v from files of others", recovered)
	}
	for _, name := range names {
		if data, err := os.ReadFile(filepath.Join(dir, name)); string(data) != "mine" {
			t.Errorf("%s holds %q, %v", name, data, err)
		}
	}
}

// A record that is appended while another batch is written waits for further records, from the time of its Append.
func TestABatchDuringAnother(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := &faultyDisk{}
		b, _ := openOutbox(t, Options{Dir: dir, Batch: 5 * time.Millisecond}, d)
		var came time.Time
		d.setFailSync(func() bool {
			if came.IsZero() {
				came = time.Now()
				b.append("two")
				time.Sleep(4 * time.Millisecond) // the disk is slow
			}
			return false
		})
		b.keep("one")
		if err := b.outcome(2); err != nil {
			t.Error(err)
		}
		if took := time.Since(came); took != 5*time.Millisecond {
			t.Errorf("durable after %v, want the batch time", took)
		}
		b.close()
	})
}

// The first record of a batch waits for further records, and all share one fsync. A record that is released meanwhile
// is not written.
func TestABatch(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := &faultyDisk{}
		b, _ := openOutbox(t, Options{Dir: dir, Batch: 5 * time.Millisecond}, d)
		start := time.Now()
		b.append("one")
		time.Sleep(4 * time.Millisecond)
		two := b.append("two")
		three := b.append("three")
		b.Release(two)
		if r := <-b.reports; r != (report{three, nil}) {
			t.Errorf("reported %v, want all three", r)
		}
		if took := time.Since(start); took != 5*time.Millisecond {
			t.Errorf("first record durable after %v, want the batch time", took)
		}
		if d.syncs != 1 {
			t.Errorf("%d fsyncs for a batch, want 1", d.syncs)
		}
		if n := b.append("four"); (<-b.reports).upTo != n {
			t.Error("the next batch is not reported")
		}
		five := b.append("five")
		b.Release(five)
		if r := <-b.reports; r != (report{five, nil}) || d.syncs != 2 {
			t.Errorf("a batch of which nothing is kept: reported %v with %d fsyncs, want no third", r, d.syncs)
		}
		b.close()
	})
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"one", "three", "four"}) {
		t.Errorf("came back: %q", got)
	}
}

func TestReleasedWhileItIsWritten(t *testing.T) {
	dir := t.TempDir()
	d := &faultyDisk{}
	b, _ := openOutbox(t, Options{Dir: dir}, d)
	d.setFailSync(func() bool { b.Release(1); return false })
	b.keep("one", "two")
	b.close()
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"two"}) {
		t.Errorf("came back: %q", got)
	}
}

// Durable may call Append and Release during Close, and Close writes their records and marks.
func TestCloseFinishes(t *testing.T) {
	dir := t.TempDir()
	var s *Spool
	opened := make(chan struct{})
	var reports []report
	s, _, err := Open(Options{Dir: dir, Batch: time.Hour, Durable: func(upTo uint64, err error) {
		<-opened
		reports = append(reports, report{upTo, err})
		s.Release(1)
		if _, err := s.Append(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("append while closing: %v", err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	close(opened)
	for _, p := range []string{"one", "two"} {
		if _, err := s.Append([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(reports, []report{{2, nil}}) {
		t.Errorf("reported %v", reports)
	}
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"two"}) {
		t.Errorf("came back: %q, want what was not released", got)
	}
}
