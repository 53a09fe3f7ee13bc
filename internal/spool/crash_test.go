package spool

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const victimDir = "SPOOL_VICTIM_DIR"

func text(n uint64) string { return fmt.Sprintf("status %d %s", n, strings.Repeat("x", int(n%200))) }

// appendUntilKilled appends text(n) as record n, and releases the older half of the durable records. It prints "kept n"
// when record n has become durable, and "released n" before it releases record n.
func appendUntilKilled(dir string) {
	durable := make(chan uint64, 1000)
	s, recovered, err := Open(Options{Dir: dir, SegmentSize: 20_000, Batch: time.Millisecond, Durable: func(upTo uint64, err error) {
		if err != nil {
			panic(err)
		}
		durable <- upTo
	}})
	if err != nil {
		panic(err)
	}
	next := uint64(1)
	if len(recovered.Records) > 0 {
		next = recovered.Records[0].Number // the records of earlier rounds are released first
	}
	go func() {
		for upTo := range durable {
			fmt.Println("kept", upTo)
			for ; next < upTo/2; next++ {
				fmt.Println("released", next)
				s.Release(next)
			}
		}
	}()
	for {
		s.mu.Lock()
		n := s.next
		s.mu.Unlock()
		switch _, err := s.Append([]byte(text(n))); {
		case errors.Is(err, ErrFull):
			time.Sleep(time.Millisecond)
		case err != nil:
			panic(err)
		}
		if n%64 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// Open recovers, whole and in order, the records that a killed process has reported as durable and not released.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	kept, releasedUpTo := uint64(0), uint64(0)
	for round := range 8 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), victimDir+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		before := kept
		lines := bufio.NewScanner(out)
		until := 100 + rand.IntN(3000)
		for n := 0; lines.Scan(); n++ {
			what, number, _ := strings.Cut(lines.Text(), " ")
			number64, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				break // the last line may be incomplete
			}
			switch what {
			case "kept":
				kept = max(kept, number64)
			case "released":
				releasedUpTo = max(releasedUpTo, number64)
			}
			if n == until {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("round %d: the child ended by itself: %v", round, err)
		}
		if kept <= before {
			t.Fatalf("round %d: nothing was kept", round)
		}

		recovered := reopen(t, dir)
		want := releasedUpTo + 1
		for _, r := range recovered.Records {
			if string(r.Payload) != text(r.Number) {
				t.Fatalf("round %d: record %d holds %q", round, r.Number, r.Payload)
			}
			if r.Number < want {
				continue // released shortly before the kill
			}
			if r.Number != want {
				t.Fatalf("round %d: record %d follows %d, up to %d was kept", round, r.Number, want-1, kept)
			}
			want++
		}
		if want <= kept {
			t.Fatalf("round %d: recovered up to %d, but %d was durable", round, want-1, kept)
		}
	}
	if releasedUpTo == 0 {
		t.Error("nothing was released meanwhile")
	}
}

// A copy of the files, made at any moment, contains the records that were durable before the copy began and are not
// released when it ends: copying takes time, in which segments are added and deleted.
func TestCopiedAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 3000}, &faultyDisk{})
	var kept, released atomic.Uint64
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			n := b.append(text(b.next))
			if n%16 == 0 {
				if err := b.outcome(n); err != nil {
					t.Error(err)
					return
				}
				kept.Store(n)
				for r := released.Load() + 1; r+100 < n; r++ {
					released.Store(r)
					b.Release(r)
				}
			}
		}
	}()
	for range 50 {
		before := kept.Load()
		recovered := reopen(t, copyDir(t, dir))
		after := released.Load()
		have := map[uint64]bool{}
		for _, r := range recovered.Records {
			if string(r.Payload) != text(r.Number) {
				t.Fatalf("record %d holds %q", r.Number, r.Payload)
			}
			have[r.Number] = true
		}
		for n := after + 1; n <= before; n++ {
			if !have[n] {
				t.Fatalf("record %d is missing; durable up to %d, released up to %d", n, before, after)
			}
		}
	}
	close(stop)
	<-ended
	b.close()
	if kept.Load() < 100 {
		t.Errorf("only %d records were kept meanwhile", kept.Load())
	}
}

// Open syncs what a killed process has written: Open promises these records, which may be in the system's memory only.
func TestOpenSyncs(t *testing.T) {
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir}, &faultyDisk{})
	b.keep("one")
	d := &faultyDisk{}
	b, recovered := openOutbox(t, Options{Dir: copyDir(t, dir)}, d)
	if len(recovered.Records) != 1 || d.syncs != 1 {
		t.Errorf("%d records recovered with %d fsyncs, want 1 with 1", len(recovered.Records), d.syncs)
	}
	b.close()
}

// TestRandomWalk compares a spool with a model through many faults of the disk, crashes and power cuts.
func TestRandomWalk(t *testing.T) {
	seed := rand.Uint64()
	choose, faults := rand.New(rand.NewPCG(seed, 0)), rand.New(rand.NewPCG(seed, 1))
	d := &faultyDisk{}
	unreliable := func() bool { return faults.Float64() < 0.05 }
	w := walk{T: t, d: d, o: Options{Dir: t.TempDir(), SegmentSize: 700, MaxBytes: 4000}, kept: map[uint64]string{}}
	w.open()
	for w.step = range 2000 {
		d.setFailSync(unreliable)
		switch k := choose.IntN(100); {
		case k < 60:
			w.append(fmt.Sprintf("step %d %s", w.step, strings.Repeat("x", choose.IntN(100))))
		case k < 92:
			w.release(choose)
		case k < 95:
			d.give(int64(choose.IntN(3000)))
		case k < 96:
			w.end("clean")
		case k < 98:
			w.end("kill")
		default:
			w.end("power cut")
		}
		if t.Failed() {
			t.Fatalf("step %d with seed %d", w.step, seed)
		}
	}
}

type walk struct {
	*testing.T
	d    *faultyDisk
	o    Options
	b    *outbox
	step int
	kept map[uint64]string
}

func (w *walk) open() (recovered Recovered) {
	w.d.give(1 << 20)
	if err := w.d.start(w.o.Dir); err != nil {
		w.Fatal(err)
	}
	w.b, recovered = openOutbox(w, w.o, w.d)
	return recovered
}

func (w *walk) append(payload string) {
	n, err := w.b.Append([]byte(payload))
	if errors.Is(err, ErrFull) {
		return
	}
	if err != nil {
		w.Fatal(err)
	}
	switch err := w.b.outcome(n); {
	case err == nil:
		w.kept[n] = payload
	case !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC):
		w.Error(err)
	}
}

// release releases a record, most often the oldest.
func (w *walk) release(choose *rand.Rand) {
	numbers := slices.Sorted(maps.Keys(w.kept))
	if len(numbers) == 0 {
		return
	}
	n := numbers[0]
	if choose.IntN(3) == 0 {
		n = numbers[choose.IntN(len(numbers))]
	}
	w.b.Release(n)
	delete(w.kept, n)
}

// end ends the spool by a kill, a power cut or a close, and checks what a new spool recovers.
func (w *walk) end(how string) {
	switch how {
	case "kill":
		w.o.Dir = copyDir(w, w.o.Dir)
	case "power cut":
		dir := w.TempDir()
		if err := w.d.cutPower(dir); err != nil {
			w.Fatal(err)
		}
		w.o.Dir = dir
	}
	w.d.setFailSync(nil)
	if err := w.b.Close(); err != nil {
		w.Error(err)
	}
	recovered := w.open()
	for i, r := range recovered.Records {
		if i > 0 && r.Number <= recovered.Records[i-1].Number {
			w.Errorf("after a %s end: record %d follows %d", how, r.Number, recovered.Records[i-1].Number)
		}
	}
	got := map[uint64]string{}
	for _, r := range recovered.Records {
		got[r.Number] = string(r.Payload)
		if _, ok := w.kept[r.Number]; !ok {
			if how == "clean" {
				w.Errorf("after a clean end: record %d came back", r.Number)
			}
			w.b.Release(r.Number)
		}
	}
	for n, want := range w.kept {
		if got[n] != want {
			w.Errorf("after a %s end: record %d came back as %q, want %q", how, n, got[n], want)
		}
	}
}
