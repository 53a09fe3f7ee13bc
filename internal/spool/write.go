package spool

import (
	"errors"
	"os"
	"time"
)

// run is the goroutine that writes to disk. Close ends it.
func (s *Spool) run() {
	defer close(s.ended)
	s.reclaim() // deletes the segments in which Open has found no kept record
	for s.gather() {
		if s.round() {
			s.compact()
		}
	}
	for s.hasWork() { // Durable may have appended or released records
		s.round()
	}
	if s.tail != nil {
		s.err = errors.Join(s.tail.Sync(), s.tail.Close())
	}
	s.err = errors.Join(s.err, s.lock.Unlock())
}

// gather waits for the first record or release of a batch, and then for the rest of the batch's time. It returns false
// when Close has been called.
func (s *Spool) gather() bool {
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

// round writes the pending records and marks. It returns true if records were written, and none failed.
func (s *Spool) round() (written bool) {
	batch, freed := s.take()
	if s.gone == nil {
		s.gone = s.checkLock()
	}
	written = s.write(batch)
	if s.gone != nil {
		return false
	}
	s.mark(freed)
	s.reclaim()
	return written
}

func (s *Spool) hasWork() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)+len(s.released) > 0
}

// take empties pending and released, and returns their content.
func (s *Spool) take() ([]Record, []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch, freed := s.pending, s.released
	s.pending, s.released = nil, nil
	return batch, freed
}

// write writes a batch and calls Durable. It returns true if records were written, and none failed.
func (s *Spool) write(batch []Record) bool {
	if len(batch) == 0 {
		return false
	}
	last := batch[len(batch)-1].Number
	records := s.stillKept(batch)
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

// stillKept returns the batch without the records that were released before they were written. A retained status is
// released this way when a later status replaces it.
func (s *Spool) stillKept(batch []Record) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := batch[:0]
	for _, r := range batch {
		if _, ok := s.kept[r.Number]; ok {
			kept = append(kept, r)
		}
	}
	return kept
}

// forget removes records that could not be written.
func (s *Spool) forget(records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if p, ok := s.kept[r.Number]; ok {
			delete(s.kept, r.Number)
			s.bytes -= p.size
		}
	}
}

// store appends as many of the records as fit into one segment, but at least one, and syncs the segment. The kept
// records' places are the new ones then. After an error, nothing has changed.
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
	if err := s.writeOut(seg); err != nil {
		return 0, err
	}
	s.setPlaces(records[:n], places)
	return n, nil
}

// roll begins a new segment if there is none to append to, or if the newest is full.
func (s *Spool) roll() error {
	floor := s.stored + 1
	if n := len(s.segments); n > 0 {
		newest := s.segments[n-1]
		if s.tail != nil && newest.size < s.segmentSize {
			return nil
		}
		s.seal()
		floor = max(floor, newest.floor+1) // must be higher even if no record was stored since
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

// seal closes the newest segment, so that the next record goes to a new one.
func (s *Spool) seal() {
	if s.tail == nil {
		return
	}
	if err := s.tail.Close(); err != nil {
		s.trouble(err)
	}
	s.tail = nil
}

// writeOut appends buf to seg, the newest segment, and syncs it. After an error writeOut removes what was written:
// otherwise a refused record would come back after a crash.
func (s *Spool) writeOut(seg *segment) error {
	_, err := s.tail.WriteAt(s.buf, seg.size)
	synced := err != nil
	if err == nil {
		err = s.tail.Sync()
		synced = err == nil
	}
	if err == nil {
		s.gone = s.checkFiles()
		err = s.gone
	}
	if err == nil {
		seg.size += int64(len(s.buf))
		return nil
	}
	cut := s.tail.Truncate(seg.size)
	// After a failed fsync it is unknown which pages the system has dropped, so nothing is appended to this file any
	// more.
	if cut != nil || !synced {
		s.seal()
	}
	return errors.Join(err, cut)
}

// setPlaces stores the new places of the records.
func (s *Spool) setPlaces(records []Record, places []place) {
	var freed []place // records that were released while they were written
	s.mu.Lock()
	for i, r := range records {
		p := places[i]
		p.seg.kept += p.size
		before, ok := s.kept[r.Number]
		if !ok {
			freed = append(freed, p)
			continue
		}
		if before.seg != nil {
			before.seg.kept -= before.size
		}
		s.kept[r.Number] = p
	}
	s.mu.Unlock()
	s.mark(freed)
}
