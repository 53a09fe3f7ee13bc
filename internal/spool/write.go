package spool

import (
	"errors"
	"os"
	"time"
)

// run is the goroutine that writes; Close ends it.
func (s *Spool) run() {
	defer close(s.ended)
	s.reclaim() // what Open found to be owed no more
	for s.linger() {
		if s.round() {
			s.compact()
		}
	}
	for s.waiting() { // Durable may release what it is told of, also in the end
		s.round()
	}
	if s.tail != nil {
		s.err = errors.Join(s.tail.Sync(), s.tail.Close())
	}
	s.err = errors.Join(s.err, s.lock.Unlock())
}

// linger waits for something to do, and then for more of it; false when the spool is being closed.
func (s *Spool) linger() bool {
	select {
	case <-s.wake:
	case <-s.done:
		return false
	}
	s.mu.Lock()
	rest := s.batch - time.Since(s.since)
	s.mu.Unlock()
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}

// round does what there is to do, and says whether anything was written, and all of it.
func (s *Spool) round() (written bool) {
	batch, freed := s.take()
	if s.gone == nil {
		s.gone = s.look()
	}
	written = s.write(batch)
	if s.gone != nil {
		return false
	}
	s.mark(freed)
	s.reclaim()
	return written
}

func (s *Spool) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)+len(s.freed) > 0
}

// take empties pending and freed.
func (s *Spool) take() ([]Record, []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch, freed := s.pending, s.freed
	s.pending, s.freed = nil, nil
	return batch, freed
}

// write brings a batch to disk and tells Durable. It says whether anything was written, and all of it.
func (s *Spool) write(batch []Record) bool {
	if len(batch) == 0 {
		return false
	}
	last := batch[len(batch)-1].Number
	records := s.stillOwed(batch)
	written := len(records) > 0
	for len(records) > 0 {
		n, err := s.store(records)
		if err != nil {
			s.forget(records)
			s.durable(last, err)
			return false
		}
		records = records[n:]
		if len(records) > 0 {
			s.durable(records[0].Number-1, nil)
		}
	}
	s.durable(last, nil)
	return written
}

// stillOwed is the batch without what was released before it was written: the latest of many says it all.
func (s *Spool) stillOwed(batch []Record) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := batch[:0]
	for _, r := range batch {
		if _, ok := s.owed[r.Number]; ok {
			kept = append(kept, r)
		}
	}
	return kept
}

// forget gives up records that could not be written.
func (s *Spool) forget(records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if p, ok := s.owed[r.Number]; ok {
			delete(s.owed, r.Number)
			s.bytes -= p.size
		}
	}
}

// store appends as many of the records as go into one segment, at least one, and syncs it. From then on
// they are owed there, wherever they were before. After an error it is as if it had not been called.
func (s *Spool) store(records []Record) (n int, err error) {
	if s.gone != nil {
		return 0, s.gone
	}
	if err := s.roll(); err != nil {
		return 0, err
	}
	seg := s.segments[len(s.segments)-1]
	s.buf = s.buf[:0]
	places := make([]place, 0, len(records))
	for n < len(records) && (n == 0 || seg.size+int64(len(s.buf)) < s.segmentSize) {
		r := records[n]
		places = append(places, place{seg, seg.size + int64(len(s.buf)), frameSize(len(r.Payload))})
		s.buf = appendFrame(s.buf, seg.salt, r)
		n++
		s.stored = max(s.stored, r.Number)
	}
	if err := s.flush(seg); err != nil {
		return 0, err
	}
	s.settle(records[:n], places)
	return n, nil
}

// roll sees to it that there is a segment to append to that has room.
func (s *Spool) roll() error {
	floor := s.stored + 1
	if n := len(s.segments); n > 0 {
		newest := s.segments[n-1]
		if s.tail != nil && newest.size < s.segmentSize {
			return nil
		}
		s.seal()
		floor = max(floor, newest.floor+1) // also when nothing new was stored since
	}
	seg := newSegment(s.dir, floor)
	f, err := s.disk.open(seg.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	if seg.info, err = os.Lstat(seg.path); err == nil {
		err = s.disk.syncDir(s.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(seg.path))
	}
	s.segments = append(s.segments, seg)
	s.tail = f
	return nil
}

// seal ends the appending to the newest segment.
func (s *Spool) seal() {
	if s.tail == nil {
		return
	}
	if err := s.tail.Close(); err != nil {
		s.trouble(err)
	}
	s.tail = nil
}

// flush appends buf to seg, the newest, and syncs it. What cannot be kept is cut off, lest it come back after
// a crash though it was refused.
func (s *Spool) flush(seg *segment) error {
	_, err := s.tail.WriteAt(s.buf, seg.size)
	synced := err != nil
	if err == nil {
		err = s.tail.Sync()
		synced = err == nil
	}
	if err == nil {
		s.gone = s.lookAll()
		err = s.gone
	}
	if err == nil {
		seg.size += int64(len(s.buf))
		return nil
	}
	cut := s.tail.Truncate(seg.size)
	// After a failed fsync nobody knows which pages the system has dropped; nothing is built on them.
	if cut != nil || !synced {
		s.seal()
	}
	return errors.Join(err, cut)
}

// settle makes places, which are on disk, those of the records.
func (s *Spool) settle(records []Record, places []place) {
	var freed []place // released in the meantime
	s.mu.Lock()
	for i, r := range records {
		p := places[i]
		p.seg.owed += p.size
		before, ok := s.owed[r.Number]
		if !ok {
			freed = append(freed, p)
			continue
		}
		if before.seg != nil {
			before.seg.owed -= before.size
		}
		s.owed[r.Number] = p
	}
	s.mu.Unlock()
	s.mark(freed)
}
