package spool

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

const salt = 0x5A17_0001

func frames(records ...Record) []byte {
	var data []byte
	for _, r := range records {
		data = appendFrame(data, salt, r)
	}
	return data
}

func TestScan(t *testing.T) {
	one, two := Record{1, []byte("one")}, Record{2, nil}
	good := frames(one, two)
	marked := func(mark uint32) []byte {
		data := slices.Clone(good)
		binary.LittleEndian.PutUint32(data, mark)
		return data
	}
	inside := frames(Record{7, frames(one)}) // a record whose payload looks like a frame
	inside[headerSize-1] ^= 1
	foreign := appendFrame(nil, salt+1, one)
	n := int64(len(good))

	for name, row := range map[string]struct {
		data     []byte
		numbers  []uint64
		released []uint64
		holes    []hole
	}{
		"nothing":                       {},
		"two":                           {data: good, numbers: []uint64{1, 2}},
		"released":                      {data: marked(released), numbers: []uint64{1, 2}, released: []uint64{1}},
		"a mark that is neither":        {data: marked(released ^ 1), numbers: []uint64{1, 2}, holes: []hole{{0, 4}}},
		"torn header":                   {data: slices.Concat(good, good[:9]), numbers: []uint64{1, 2}, holes: []hole{{n, 9}}},
		"torn payload":                  {data: slices.Concat(good, good[:headerSize+1]), numbers: []uint64{1, 2}, holes: []hole{{n, headerSize + 1}}},
		"zeros at the end":              {data: slices.Concat(good, make([]byte, 4096)), numbers: []uint64{1, 2}, holes: []hole{{n, 4096}}},
		"garbage at the beginning":      {data: slices.Concat([]byte("garbage"), good), numbers: []uint64{1, 2}, holes: []hole{{0, 7}}},
		"garbage in the middle":         {data: slices.Concat(good, []byte("garbage"), good), numbers: []uint64{1, 2, 1, 2}, holes: []hole{{n, 7}}},
		"with another salt":             {data: foreign, holes: []hole{{0, int64(len(foreign))}}},
		"record 0":                      {data: frames(Record{0, nil}), holes: []hole{{0, headerSize}}},
		"a number of 64 bits":           {data: frames(Record{1 << 63, nil}), holes: []hole{{0, headerSize}}},
		"length beyond the end":         {data: frames(one)[:headerSize], holes: []hole{{0, headerSize}}},
		"only zeros":                    {data: make([]byte, 100), holes: []hole{{0, 100}}},
		"same salt in a broken payload": {data: inside, numbers: []uint64{1}, holes: []hole{{0, headerSize}}},
	} {
		t.Run(name, func(t *testing.T) {
			records, holes := scan(row.data, salt)
			var numbers, released []uint64
			for _, r := range records {
				numbers = append(numbers, r.Number)
				if r.released {
					released = append(released, r.Number)
				}
			}
			if !slices.Equal(numbers, row.numbers) || !slices.Equal(released, row.released) || !slices.Equal(holes, row.holes) {
				t.Errorf("scan found %v, released %v, holes %v; want %v, %v, %v",
					numbers, released, holes, row.numbers, row.released, row.holes)
			}
		})
	}
}

// Whatever a file contains, each record that scan finds has the bytes that appendFrame writes, records are in order,
// and each byte belongs to a record or to a hole.
func FuzzScan(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(frames(Record{1, []byte("one")}, Record{2, nil}, Record{3, []byte("three")}), false)
	f.Add(frames(Record{1, []byte("one")})[5:], true)
	f.Add(make([]byte, 64), true)
	f.Fuzz(func(t *testing.T, data []byte, wrapped bool) {
		salt := uint32(salt)
		if wrapped { // a segment inside a damaged record, with another salt, stays a payload
			salt = 0xFACE_0FF5
			outer := appendFrame(nil, salt, Record{1, []byte("one")})
			outer = appendFrame(outer, salt, Record{9, data})
			data = appendFrame(outer, salt, Record{10, []byte("last")})
			data[frameSize(3)+headerSize-1] ^= 0x80
		}
		records, holes := scan(data, salt)
		var covered, at int64
		marks := map[int64]bool{}
		for _, r := range records {
			frame := appendFrame(nil, salt, r.Record)
			if r.offset < at || !bytes.Equal(frame[markSize:], data[r.offset+markSize:r.offset+int64(len(frame))]) {
				t.Fatalf("record %d at %d is not in %x", r.Number, r.offset, data)
			}
			at = r.offset + int64(len(frame))
			covered += int64(len(frame))
			marks[r.offset] = true
		}
		for _, h := range holes {
			if !marks[h.offset] {
				covered += h.size
			}
		}
		if covered != int64(len(data)) {
			t.Fatalf("records %v and holes %v cover %d bytes of %d", records, holes, covered, len(data))
		}
		if wrapped && (len(records) != 2 || records[0].Number != 1 || records[len(records)-1].Number != 10) {
			t.Fatalf("the neighbours of a damaged record are lost: %v", records)
		}
	})
}
