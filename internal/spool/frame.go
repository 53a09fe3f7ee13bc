package spool

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	headerSize = 24
	markSize   = 4

	// released differs from 0 in many bits, so that decay of the disk does not make a kept record look released.
	released uint32 = 0xA5C3_3C5A
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Record is a payload that was passed to Append, and its number.
type Record struct {
	Number  uint64
	Payload []byte
}

// frameSize returns how many bytes a payload of n bytes takes on disk.
func frameSize(n int) int64 { return headerSize + int64(n) }

func appendFrame(buf []byte, salt uint32, r Record) []byte {
	var h [headerSize]byte
	binary.LittleEndian.PutUint32(h[8:], uint32(len(r.Payload)))
	binary.LittleEndian.PutUint64(h[12:], r.Number)
	binary.LittleEndian.PutUint32(h[20:], crc32.Checksum(r.Payload, castagnoli))
	binary.LittleEndian.PutUint32(h[4:], crc32.Update(salt, castagnoli, h[8:]))
	return append(append(buf, h[:]...), r.Payload...)
}

// parseFrame returns the record at the beginning of data, whose payload is part of data, and its mark.
func parseFrame(data []byte, salt uint32) (r Record, mark uint32, ok bool) {
	if len(data) < headerSize {
		return r, 0, false
	}
	length := int64(binary.LittleEndian.Uint32(data[8:]))
	r.Number = binary.LittleEndian.Uint64(data[12:])
	// The spool never gives out a number of 64 bits: the next one would be 0.
	if length > int64(len(data)-headerSize) || r.Number == 0 || r.Number>>63 != 0 {
		return r, 0, false
	}
	if binary.LittleEndian.Uint32(data[4:]) != crc32.Update(salt, castagnoli, data[8:headerSize]) {
		return r, 0, false
	}
	r.Payload = data[headerSize : headerSize+length : headerSize+length]
	if binary.LittleEndian.Uint32(data[20:]) != crc32.Checksum(r.Payload, castagnoli) {
		return r, 0, false
	}
	return r, binary.LittleEndian.Uint32(data), true
}

// found is a record and its place in the segment.
type found struct {
	Record
	offset   int64
	released bool
}

// hole is a run of bytes that are no frame.
type hole struct{ offset, size int64 }

// scan reads a segment. Whatever data contains, each record that scan returns was written with this salt, and each byte
// that differs from what was written lies in a hole. The last hole may reach to the end of data.
func scan(data []byte, salt uint32) (records []found, holes []hole) {
	end := int64(0) // of the last frame found
	for at := int64(0); at < int64(len(data)); {
		r, mark, ok := parseFrame(data[at:], salt)
		if !ok {
			at++
			continue
		}
		if at > end {
			holes = append(holes, hole{end, at - end})
		}
		if mark != 0 && mark != released {
			holes = append(holes, hole{at, markSize}) // the mark is damaged: the record counts as kept
		}
		records = append(records, found{r, at, mark == released})
		at += frameSize(len(r.Payload))
		end = at
	}
	if end < int64(len(data)) {
		holes = append(holes, hole{end, int64(len(data)) - end})
	}
	return records, holes
}
