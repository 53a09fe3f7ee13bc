package spool

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// written returns a segment with some records, of which the second is released, the segment's name, and the payloads of
// the kept records.
func written(t testing.TB) (name string, data []byte, kept []string) {
	t.Helper()
	dir := t.TempDir()
	b, _ := openOutbox(t, Options{Dir: dir}, realDisk{})
	b.Release(b.keep("one", "second", "", "and the fourth")[1])
	b.close()
	path := onlySegment(t, dir)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path), data, []string{"one", "", "and the fourth"}
}

// openWith returns what is recovered from a directory with this file, first by one Open and then by the next.
func openWith(t testing.TB, name string, data []byte) (first, second Recovered) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	b, first := openOutbox(t, Options{Dir: dir}, &faultyDisk{})
	b.keep("new")
	b.close()
	return first, reopen(t, dir)
}

// A crash may cut the file at any byte. Open recovers the whole records before the cut, removes the rest, and reports
// it.
func TestTornTail(t *testing.T) {
	name, data, kept := written(t)
	var ends []int64 // where the kept frames end
	records, _ := scan(data, mustSegment(t, name).salt)
	frameEnds := map[int64]bool{0: true}
	for _, r := range records {
		end := r.offset + frameSize(len(r.Payload))
		frameEnds[end] = true
		if !r.released {
			ends = append(ends, end)
		}
	}
	for size := range int64(len(data)) {
		n := 0
		for n < len(ends) && ends[n] <= size {
			n++
		}
		first, second := openWith(t, name, data[:size])
		if got := payloads(first.Records); !slices.Equal(got, kept[:n]) {
			t.Fatalf("cut to %d bytes: recovered %q, want %q", size, got, kept[:n])
		}
		switch {
		case frameEnds[size] && len(first.Damage) > 0:
			t.Fatalf("cut to %d bytes, between records: %v", size, first.Damage)
		case !frameEnds[size] && (len(first.Damage) != 1 || !first.Damage[0].Cut || first.Damage[0].Offset+first.Damage[0].Bytes != size):
			t.Fatalf("cut to %d bytes: %v, want the torn end", size, first.Damage)
		}
		if got, want := payloads(second.Records), append(kept[:n:n], "new"); !slices.Equal(got, want) || len(second.Damage) > 0 {
			t.Fatalf("cut to %d bytes, appended, reopened: %q, %v; want %q", size, got, second.Damage, want)
		}
	}
}

// Open notices each flipped bit, loses at most the record with that bit, and invents none.
func TestFlippedBit(t *testing.T) {
	name, data, _ := written(t)
	records, _ := scan(data, mustSegment(t, name).salt)
	dir := t.TempDir()
	for bit := range len(data) * 8 {
		flipped := slices.Clone(data)
		flipped[bit/8] ^= 1 << (bit % 8)
		var want []string
		for _, r := range records {
			at := int64(bit/8) - r.offset
			hit := at >= 0 && at < frameSize(len(r.Payload))
			switch {
			case hit && at < markSize, !r.released && !hit: // in doubt a record counts as kept
				want = append(want, string(r.Payload))
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		recovered := reopen(t, dir)
		if got := payloads(recovered.Records); !slices.Equal(got, want) {
			t.Fatalf("bit %d flipped: recovered %q, want %q", bit, got, want)
		}
		if len(recovered.Damage) != 1 {
			t.Fatalf("bit %d flipped: damage %v, want one", bit, recovered.Damage)
		}
	}
}

func mustSegment(t testing.TB, name string) *segment {
	t.Helper()
	seg, ok := namedSegment("", name)
	if !ok {
		t.Fatalf("%q is no segment", name)
	}
	return seg
}

func TestDamageIsOneClearLine(t *testing.T) {
	for want, d := range map[string]Damage{
		`spool file "/s/1.spool": 3 bytes at offset 7 are unfinished or damaged, cut off`: {"/s/1.spool", 7, 3, true},
		`spool file "/s/1.spool": 3 bytes at offset 7 are damaged and skipped`:            {"/s/1.spool", 7, 3, false},
	} {
		if got := d.String(); got != want {
			t.Errorf("%#v says %s, want %s", d, got, want)
		}
	}
}

// A crash between copying a record and deleting its old segment leaves two copies: the record is recovered once.
func TestMovedRecordIsKeptOnce(t *testing.T) {
	for name, release := range map[string]int{"kept": -1, "released in the old place": 0, "released in the new place": 1} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i := range 2 {
				seg := newSegment(dir, uint64(1+10*i))
				data := appendFrame(nil, seg.salt, Record{5, []byte("twice")})
				if i == 1 {
					data = appendFrame(data, seg.salt, Record{11, []byte("after")})
				}
				if err := os.WriteFile(seg.path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if i == release {
					f, err := realDisk{}.open(seg.path, os.O_WRONLY)
					if err == nil {
						err = markReleased(f, 0)
						f.Close()
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			want := []string{"twice", "after"}
			if release >= 0 {
				want = want[1:]
			}
			if got := payloads(reopen(t, dir).Records); !slices.Equal(got, want) {
				t.Errorf("recovered %q, want %q", got, want)
			}
			onlySegment(t, dir) // the old segment keeps no record
		})
	}
}

// Whatever has happened to the files, Open recovers only records that were appended, in their order, and the spool can
// be used.
func FuzzFile(f *testing.F) {
	name, data, _ := written(f)
	f.Add(uint16(0), []byte{}, uint16(0))
	f.Add(uint16(30), []byte{1, 0, 0xFF}, uint16(3))
	f.Add(uint16(len(data)), data[:40], uint16(0))
	f.Add(uint16(0), data, uint16(20))
	f.Fuzz(func(t *testing.T, at uint16, with []byte, cut uint16) {
		a := min(int(at), len(data))
		broken := slices.Concat(data[:a], with, data[min(a+int(cut), len(data)):])
		first, second := openWith(t, name, broken)
		appended := []string{"one", "second", "", "and the fourth"}
		for i, r := range first.Records {
			if r.Number < 1 || r.Number > 4 || string(r.Payload) != appended[r.Number-1] || i > 0 && r.Number <= first.Records[i-1].Number {
				t.Fatalf("recovered %v", first.Records)
			}
		}
		if got, want := payloads(second.Records), append(payloads(first.Records), "new"); !slices.Equal(got, want) {
			t.Fatalf("reopened: %q, want %q", got, want)
		}
	})
}
