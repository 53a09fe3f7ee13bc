package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs f in a synctest bubble, in which records that are appended at the same time form one batch.
func bubble(f func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}

// A batch that the full disk has refused leaves no trace. The next batch is kept when there is room.
func TestFullDisk(t *testing.T) {
	for name, room := range map[string]int64{"no byte": 0, "part of a header": 10, "one record and a half": frameSize(6) * 3 / 2} {
		t.Run(name, bubble(func(t *testing.T) {
			dir := t.TempDir()
			d := &faultyDisk{}
			b, _ := openOutbox(t, Options{Dir: dir, Batch: 20 * time.Millisecond}, d)
			b.keep("before")
			d.give(room)
			one, two := b.append("lost 1"), b.append("lost 2")
			for _, n := range []uint64{one, two} {
				if err := b.outcome(n); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("record %d on a full disk: %v, want %v", n, err, syscall.ENOSPC)
				}
			}
			if got := payloads(reopen(t, copyDir(t, dir)).Records); !slices.Equal(got, []string{"before"}) {
				t.Errorf("after a crash on the full disk: %q", got)
			}
			b.Release(one) // no effect: the record is not kept
			d.give(1000)
			b.keep("after")
			b.close()
			if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"before", "after"}) {
				t.Errorf("came back: %q", got)
			}
		}))
	}
}

// The part of a large batch that was written before the disk was full is kept, and the rest is refused. Durable reports
// each record once.
func TestFullDiskInTheMiddleOfABatch(t *testing.T) {
	synctest.Test(t, fullInTheMiddle)
}

func fullInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	d := &faultyDisk{}
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 3 * frameSize(4), Batch: 20 * time.Millisecond}, d)
	d.give(4 * frameSize(4))
	for i := range 9 {
		b.append(fmt.Sprintf("%04d", i))
	}
	if r := <-b.reports; r != (report{3, nil}) {
		t.Errorf("first reported %v, want what filled a segment", r)
	}
	if r := <-b.reports; r.upTo != 9 || !errors.Is(r.err, syscall.ENOSPC) {
		t.Errorf("then reported %v, want the rest refused", r)
	}
	b.close()
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"0000", "0001", "0002"}) {
		t.Errorf("came back: %q", got)
	}
}

// Refused records do not count towards MaxBytes.
func TestRefusedIsNotKept(t *testing.T) {
	d := &faultyDisk{}
	d.give(0)
	b, _ := openOutbox(t, Options{Dir: t.TempDir(), MaxBytes: frameSize(5)}, d)
	for range 10 {
		if err := b.outcome(b.append("12345")); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("on a full disk: %v", err)
		}
	}
	d.give(1000)
	b.keep("12345")
}

// After a failed fsync the spool begins a new file: pages of the old file may be lost, although reading them succeeds.
func TestFailedSync(t *testing.T) {
	for name, truncate := range map[string]bool{"cut off": false, "that cannot even be cut off": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := &faultyDisk{failTruncate: func() bool { return truncate }}
			b, _ := openOutbox(t, Options{Dir: dir}, d)
			b.keep("before")
			d.setFailSync(func() bool { return true })
			if err := b.outcome(b.append("lost")); !errors.Is(err, syscall.EIO) {
				t.Errorf("after a failed fsync: %v, want %v", err, syscall.EIO)
			}
			d.setFailSync(nil)
			b.keep("after")
			if n := len(segmentFiles(t, dir)); n != 2 {
				t.Errorf("%d segments, want a new one", n)
			}
			b.close()
			want := []string{"before", "after"}
			if truncate {
				want = []string{"before", "lost", "after"} // a record that was reported as lost may come back
			}
			if got := payloads(reopen(t, dir).Records); !slices.Equal(got, want) {
				t.Errorf("came back: %q, want %q", got, want)
			}
		})
	}
}

// If no new segment can be made, the batch is refused. A release that cannot be marked is reported to Trouble.
func TestNoNewFile(t *testing.T) {
	fail := true
	d := &faultyDisk{failOpen: func() bool { return fail }}
	set := func(to bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		fail = to
	}
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 60}, d)
	if err := b.outcome(b.append("lost")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("without a file: %v", err)
	}
	set(false)
	numbers := b.keep("one")
	numbers = append(numbers, b.keep("two", "three", "four")...)
	set(true)
	b.Release(numbers[0])
	b.close()
	if err := b.troubles(); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "1 releases may be forgotten") {
		t.Errorf("trouble: %v", err)
	}
	if got := payloads(reopen(t, dir).Records); len(got) != 4 {
		t.Errorf("came back: %q, want all four", got)
	}
}

// TestFullFileSystem uses a real file system of one megabyte, if this machine allows the test to mount one.
func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := mountSmall(dir); err != nil {
		t.Logf("no file system of our own (%v): TestFullDisk has to do", err)
		return
	}
	defer unmount(t, dir)
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 100_000, Batch: time.Millisecond}, realDisk{})
	var kept []uint64
	var refused error
	payload := strings.Repeat("x", 5000)
	for refused == nil {
		n := b.append(payload)
		if refused = b.outcome(n); refused == nil {
			kept = append(kept, n)
		}
	}
	if !errors.Is(refused, syscall.ENOSPC) || len(kept) < 100 {
		t.Fatalf("refused after %d records: %v", len(kept), refused)
	}
	got := reopen(t, copyDir(t, dir)).Records
	if len(got) != len(kept) {
		t.Errorf("%d records came back from the full disk, want %d", len(got), len(kept))
	}
	for _, n := range kept[:len(kept)/2] { // marking a release needs no room
		b.Release(n)
	}
	for err := error(syscall.ENOSPC); err != nil; {
		err = b.outcome(b.append(payload))
	}
	b.close()
	if got := len(reopen(t, dir).Records); got != len(kept)-len(kept)/2+1 {
		t.Errorf("%d records came back, want those not released and a new one", got)
	}
}
