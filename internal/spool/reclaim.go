package spool

import (
	"fmt"
	"os"
)

// mark writes down that the records at these places are not owed any more.
func (s *Spool) mark(freed []place) {
	bySegment := map[*segment][]place{}
	for _, p := range freed {
		p.seg.owed -= p.size
		bySegment[p.seg] = append(bySegment[p.seg], p)
	}
	for seg, places := range bySegment {
		newest := seg == s.segments[len(s.segments)-1]
		if seg.owed == 0 && !newest {
			continue // it is about to be deleted
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

// reclaim deletes the segments of which nothing is owed. The newest stays: its name keeps the numbers going.
func (s *Spool) reclaim() {
	var kept []*segment
	for i, seg := range s.segments {
		if seg.owed == 0 && i < len(s.segments)-1 {
			err := os.Remove(seg.path)
			if err == nil {
				continue
			}
			s.trouble(err) // and again next time
		}
		kept = append(kept, seg)
	}
	s.segments = kept
}

// compact moves what is owed out of segments of which it is less than half, until the directory is at most
// about twice what is owed. So a few records that nobody takes do not keep all that came after them.
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

// victim is the segment to move first, or nil if none need be moved.
func (s *Spool) victim() *segment {
	var idle, owed, most int64
	var victim *segment
	for i, seg := range s.segments {
		idle += seg.size - seg.owed
		owed += seg.owed
		if i < len(s.segments)-1 && !seg.moved && seg.size-seg.owed > max(most, seg.owed) {
			victim, most = seg, seg.size-seg.owed
		}
	}
	if idle <= owed+2*s.segmentSize {
		return nil
	}
	return victim
}

// move appends what is owed in seg to the newest segment. What cannot be read again stays, and seg with it.
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
		if s.owed[r.Number].seg == seg {
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
