package spool

import (
	"fmt"
	"os"
)

// mark writes to disk that the records at these places are released.
func (s *Spool) mark(freed []place) {
	bySegment := map[*segment][]place{}
	for _, p := range freed {
		p.seg.kept -= p.size
		bySegment[p.seg] = append(bySegment[p.seg], p)
	}
	for seg, places := range bySegment {
		newest := seg == s.segments[len(s.segments)-1]
		if seg.kept == 0 && !newest {
			continue // reclaim is about to delete the segment
		}
		if err := s.markIn(seg, places, newest); err != nil {
			s.trouble(fmt.Errorf("%d releases may be forgotten: %w", len(places), err))
		}
	}
}

func (s *Spool) markIn(seg *segment, places []place, newest bool) error {
	f := s.tail
	if !newest || f == nil {
		var err error
		if f, err = s.disk.open(seg.path, os.O_WRONLY); err != nil {
			return err
		}
		defer f.Close()
	}
	for _, p := range places {
		if err := markReleased(f, p.offset); err != nil {
			return err
		}
	}
	return nil
}

// reclaim deletes the segments of which every record is released. The newest segment stays, so that no number of its
// name or below is given out again.
func (s *Spool) reclaim() {
	var kept []*segment
	for i, seg := range s.segments {
		if seg.kept == 0 && i < len(s.segments)-1 {
			err := os.Remove(seg.path)
			if err == nil {
				continue
			}
			s.trouble(err) // the next call of reclaim tries again
		}
		kept = append(kept, seg)
	}
	s.segments = kept
}

// compact moves the kept records out of segments that are mostly released, until the directory takes at most about
// twice the size of the kept records. Without it, a single record that is never released would keep a whole segment on
// the disk.
func (s *Spool) compact() {
	for {
		victim := s.victim()
		if victim == nil {
			return
		}
		if err := s.move(victim); s.gone != nil {
			return
		} else if err != nil {
			s.trouble(fmt.Errorf("%q cannot be moved: %w", victim.path, err))
			return
		}
		s.reclaim()
	}
}

// victim returns the segment whose records are to be moved next, or nil if no segment needs that.
func (s *Spool) victim() *segment {
	var idle, kept, most int64
	var victim *segment
	for i, seg := range s.segments {
		idle += seg.size - seg.kept
		kept += seg.kept
		if i < len(s.segments)-1 && !seg.moved && seg.size-seg.kept > max(most, seg.kept) {
			victim, most = seg, seg.size-seg.kept
		}
	}
	if idle <= kept+2*s.segmentSize {
		return nil
	}
	return victim
}

// move appends the kept records of seg to the newest segment. If a record cannot be read, that record and seg stay.
func (s *Spool) move(seg *segment) error {
	data, err := os.ReadFile(seg.path)
	if err != nil {
		seg.moved = true
		return err
	}
	records, _ := scan(data, seg.salt)
	var rest []Record
	s.mu.Lock()
	for _, r := range records {
		if s.kept[r.Number].seg == seg {
			rest = append(rest, r.Record)
		}
	}
	s.mu.Unlock()
	for len(rest) > 0 {
		n, err := s.store(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	seg.moved = true
	return nil
}
