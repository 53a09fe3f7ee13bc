package spool

import (
	"errors"
	"runtime"
	"testing"
	"time"
)

// countingDisk counts the fsyncs, and does them.
type countingDisk struct {
	realDisk
	syncs int
}

type countedFile struct {
	file
	d *countingDisk
}

func (f countedFile) Sync() error { f.d.syncs++; return f.file.Sync() }

func (d *countingDisk) open(path string, flag int) (file, error) {
	f, err := realDisk{}.open(path, flag)
	return countedFile{f, d}, err
}

// BenchmarkAppend appends records of 128 bytes without a pause, and releases each when it is durable.
func BenchmarkAppend(b *testing.B) {
	d := &countingDisk{}
	var s *Spool
	ready := make(chan struct{})
	durable := make(chan uint64, 1<<16)
	next := uint64(1)
	s, _, err := open(Options{Dir: b.TempDir(), Batch: 5 * time.Millisecond, Durable: func(upTo uint64, err error) {
		<-ready
		if err != nil {
			b.Error(err)
		}
		for ; next <= upTo; next++ {
			s.Release(next)
		}
		durable <- upTo
	}}, d)
	if err != nil {
		b.Fatal(err)
	}
	close(ready)
	payload := make([]byte, 128)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		for {
			_, err := s.Append(payload)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrFull) {
				b.Fatal(err)
			}
			runtime.Gosched()
		}
	}
	for <-durable < uint64(b.N) {
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	b.ReportMetric(float64(d.syncs), "fsyncs")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLatency appends one record at a time, and waits until it is durable: the time is that of a batch and an
// fsync.
func BenchmarkLatency(b *testing.B) {
	durable := make(chan uint64, 1)
	s, _, err := Open(Options{Dir: b.TempDir(), Batch: 5 * time.Millisecond, Durable: func(upTo uint64, _ error) { durable <- upTo }})
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 128)
	for b.Loop() {
		n, err := s.Append(payload)
		if err != nil {
			b.Fatal(err)
		}
		<-durable
		s.Release(n)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
