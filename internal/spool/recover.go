package spool

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Recovered is what Open has found in the directory.
type Recovered struct {
	Records []Record // records not released, by number; some may have been released shortly before a crash
	Damage  []Damage // by file and offset
}

// Damage is a run of bytes in a file that differ from what was written.
type Damage struct {
	Path          string
	Offset, Bytes int64
	// Cut is set if the bytes ended the file and were cut off: either a crash interrupted the write, which was then never
	// reported durable, or the last record is damaged. Otherwise the bytes are skipped, and reported by each Open until the
	// file is deleted.
	Cut bool
}

// String returns the damage on one line, for a log.
func (d Damage) String() string {
	what := "damaged and skipped"
	if d.Cut {
		what = "unfinished or damaged, cut off"
	}
	return fmt.Sprintf("spool file %q: %d bytes at offset %d are %s", d.Path, d.Bytes, d.Offset, what)
}

// recover reads the directory into s, before the goroutine of run starts.
func (s *Spool) recover() (Recovered, error) {
	var result Recovered
	entries, err := os.ReadDir(s.dir) // sorted, therefore by age
	if err != nil {
		return result, err
	}
	type copied struct {
		found
		seg *segment
	}
	var all []copied
	s.next = 1
	for _, e := range entries {
		seg, ok := namedSegment(s.dir, e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		records, damage, err := s.read(seg)
		if err != nil {
			return result, err
		}
		result.Damage = append(result.Damage, damage...)
		s.segments = append(s.segments, seg)
		s.next = max(s.next, seg.floor)
		for _, r := range records {
			s.next = max(s.next, r.Number+1)
			all = append(all, copied{r, seg})
		}
	}

	// A crash may leave a record both in a segment and in the one to which it was being moved. The newest copy counts; if any
	// copy is released, the record is.
	slices.SortStableFunc(all, func(a, b copied) int { return cmp.Compare(a.Number, b.Number) })
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Number == all[0].Number {
			n++
		}
		same := all[:n]
		all = all[n:]
		if slices.ContainsFunc(same, func(c copied) bool { return c.released }) {
			continue
		}
		newest := same[n-1]
		size := frameSize(len(newest.Payload))
		newest.seg.kept += size
		s.bytes += size
		s.kept[newest.Number] = place{newest.seg, newest.offset, size}
		// The payload is cloned: it is a part of the file's bytes, and would keep all of them in memory.
		result.Records = append(result.Records, Record{newest.Number, bytes.Clone(newest.Payload)})
	}
	return result, nil
}

// read reads one segment, and cuts off its torn end.
func (s *Spool) read(seg *segment) ([]found, []Damage, error) {
	data, err := os.ReadFile(seg.path)
	if err != nil {
		return nil, nil, err
	}
	if seg.info, err = os.Lstat(seg.path); err != nil {
		return nil, nil, err
	}
	records, holes := scan(data, seg.salt)
	seg.size = int64(len(data))
	var damage []Damage
	for _, h := range holes {
		d := Damage{Path: seg.path, Offset: h.offset, Bytes: h.size, Cut: h.offset+h.size == seg.size}
		damage = append(damage, d)
		if d.Cut {
			if err := os.Truncate(seg.path, h.offset); err != nil {
				return nil, nil, err
			}
			seg.size = h.offset
		}
	}
	return records, damage, nil
}

// reopen opens the newest segment for appending, and syncs what a killed process may not have synced.
func (s *Spool) reopen() error {
	s.stored = s.next - 1
	if len(s.segments) == 0 {
		return nil
	}
	f, err := s.disk.open(s.segments[len(s.segments)-1].path, os.O_WRONLY)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), s.disk.syncDir(s.dir)); err != nil {
		return errors.Join(err, f.Close())
	}
	s.tail = f
	return nil
}
