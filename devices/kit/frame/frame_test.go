package frame_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/frame"
)

// Two events of an intercom, each a pair of digits, with a byte between that the line has made up.
func ExampleSplitter() {
	splitter, err := frame.New(frame.Format{Size: 2, Gap: 20 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	for _, read := range []string{"10", "2", "1", "?", "20"} {
		if read == "20" || read == "?" {
			now = now.Add(time.Second)
		}
		for _, f := range splitter.Feed(now, []byte(read)) {
			fmt.Printf("%s ", f)
		}
	}
	fmt.Println("skipped:", splitter.Skipped())
	// Output: 10 21 20 skipped: 1
}

func ExampleEach() {
	receiver := strings.NewReader("PWON\rMV505\rMV") // and then it hangs up
	err := frame.Each(receiver, frame.Format{End: "\r"}, func(line []byte) { fmt.Printf("%s\n", line) })
	fmt.Println(err)
	// Output:
	// PWON
	// MV505
	// EOF
}

func ExampleNew() {
	for _, f := range []frame.Format{
		{End: "\r"},
		{Size: 2, End: "\r"},
		{Length: &frame.Length{At: -1, Bytes: 8}},
		{Match: `\d+$`},
	} {
		_, err := frame.New(f)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// want an end, a start and an end, a size, a length (with or without a start) or a match, and nothing else but a gap
	// length.at: -1 is out of range: want 0 to 65536
	// length.bytes: 8 is out of range: want 1 to 4
	// match: "\\d+$" looks around by ^, $ or \b: want a pattern of bytes only
}

const telegram = `(?s)/[^/!]*!(?P<crc>[0-9A-F]{4})\r\n`

func TestFeed(t *testing.T) {
	long := strings.Repeat("x", frame.Max)
	for _, row := range []struct {
		name    string
		format  frame.Format
		bytes   string
		want    []string
		skipped int
	}{
		{"end", frame.Format{End: "\r"}, "PWON\rMV505\rMVMA", []string{"PWON", "MV505"}, 0},
		{"end of two bytes", frame.Format{End: "\r\n"}, "a\rb\nc\r\r\nd\r\n", []string{"a\rb\nc\r", "d"}, 0},
		{"nothing between ends", frame.Format{End: "\n"}, "\n\na\n\n", []string{"a"}, 0},
		{"end too late", frame.Format{End: "\r\n"}, long + "yy\r\nz\r\n", []string{"z"}, frame.Max + 4},
		{"end much too late", frame.Format{End: "\n"}, long + long + "y\nz\n", []string{"z"}, 2*frame.Max + 2},
		{"end in the last place", frame.Format{End: "\n"}, long[1:] + "\nz\n", []string{long[1:], "z"}, 0},

		{"start and end", frame.Format{Start: "<<", End: ">>"}, "a<b<<c<<d>>e>><<f>>", []string{"c<<d", "f"}, 6},
		{"start and end, empty", frame.Format{Start: "<", End: ">"}, "<><a>", []string{"a"}, 0},
		{"start that begins within itself", frame.Format{Start: "<<a", End: ">"}, "<<<a1>", []string{"1"}, 1},
		{"flags", frame.Format{Start: "~", End: "~"}, "~a~~b~", []string{"a", "b"}, 0},
		{"flags, begun in the middle", frame.Format{Start: "~", End: "~"}, "a~~b~~c~", []string{"b", "c"}, 1},
		{"start and end too late", frame.Format{Start: "<", End: ">"}, "<" + long + "<a>", []string{"a"}, frame.Max + 1},

		{"size", frame.Format{Size: 2}, "1011202", []string{"10", "11", "20"}, 0},
		{"size of one", frame.Format{Size: 1}, "10", []string{"1", "0"}, 0},

		{"length", frame.Format{Length: &frame.Length{Bytes: 1}}, "\x02ab\x00\x01c\x05", []string{"\x02ab", "\x00", "\x01c"}, 0},
		{"length behind a type", frame.Format{Length: &frame.Length{At: 1, Bytes: 2}}, "T\x00\x03abcU\x00\x00", []string{"T\x00\x03abc", "U\x00\x00"}, 0},
		{"little length", frame.Format{Length: &frame.Length{Bytes: 2, Little: true}}, "\x01\x00a\x02\x00bc", []string{"\x01\x00a", "\x02\x00bc"}, 0},
		{"length without its checksum", frame.Format{Length: &frame.Length{Bytes: 1, Add: 2}}, "\x01aCC\x00CC", []string{"\x01aCC", "\x00CC"}, 0},
		{"length of all", frame.Format{Length: &frame.Length{Bytes: 1, Add: -1}}, "\x01\x03ab\x00\x02c", []string{"\x01", "\x03ab", "\x02c"}, 1},
		{"length behind a start", frame.Format{Start: ":", Length: &frame.Length{At: 1, Bytes: 1}}, "x:\x02ab:\x00y:\x01c", []string{":\x02ab", ":\x00", ":\x01c"}, 2},
		{"length that cannot be", frame.Format{Start: ":", Length: &frame.Length{At: 1, Bytes: 3}}, ":\x7f\x00:\x00\x00\x01a", []string{":\x00\x00\x01a"}, 3},
		{"largest length", frame.Format{Length: &frame.Length{Bytes: 4}}, "\xff\xff\xff\xff\x00\x00\x00\x00", []string{"\x00\x00\x00\x00"}, 4},
		{"length within the start", frame.Format{Start: "\x02ab", Length: &frame.Length{Bytes: 1}}, "\x02ab\x02ab", []string{"\x02ab", "\x02ab"}, 0},

		{"match", frame.Format{Match: telegram}, "half!A1B2\r\n/KFM\r\n\r\n1-0:1.7.0(01.193*kW)\r\n!6796\r\n\r\n/KFM!", []string{"/KFM\r\n\r\n1-0:1.7.0(01.193*kW)\r\n!6796\r\n"}, 13},
		{"shortest match", frame.Format{Match: `\d+`}, "12 3", []string{"1", "2", "3"}, 1},
		{"of two that end together the longer", frame.Format{Match: `a+;|b;`}, "aab;aa;", []string{"b;", "aa;"}, 2},
		{"alternatives", frame.Format{Match: `(MV|PW)(\w*?)\r`}, "XMVPW1\rPWON\r", []string{"MVPW1\r", "PWON\r"}, 1},
		{"case", frame.Format{Match: `(?i)on;`}, "On;ON;of;", []string{"On;", "ON;"}, 3},
		{"bytes", frame.Format{Match: `\xff.[^\x00]`}, "\xff\xff\xfe\xff\n\xff\xc3\xa4", []string{"\xff\xff\xfe", "\xff\xc3\xa4"}, 2},
		{"match too late", frame.Format{Match: `<[^>]*>`}, "<" + long + "><a>", []string{"<a>"}, frame.Max + 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := frame.New(row.format)
			if err != nil {
				t.Fatal(err)
			}
			got := feed(s, []byte(row.bytes), func() int { return len(row.bytes) })
			if !slices.Equal(got, row.want) || s.Skipped() != uint64(row.skipped) {
				t.Errorf("%.100q: frames %.200q and %d bytes skipped, want %.200q and %d", row.bytes, got, s.Skipped(), row.want, row.skipped)
			}
		})
	}
}

// feed feeds bytes in pieces, all at the same time.
func feed(s *frame.Splitter, all []byte, size func() int) (frames []string) {
	now := time.Now()
	for len(all) > 0 {
		n := min(size(), len(all))
		for _, f := range s.Feed(now, all[:n]) {
			frames = append(frames, string(f))
		}
		all = all[n:]
	}
	return frames
}

// A pause that is longer than the gap ends what is unfinished, whatever the format.
func TestGap(t *testing.T) {
	const gap = 20 * time.Millisecond
	for _, row := range []struct {
		name    string
		format  frame.Format
		pieces  []string // each begins with the milliseconds since the one before
		want    []string
		skipped int
	}{
		{"in time", frame.Format{Size: 2}, []string{"0 1", "20 0"}, []string{"10"}, 0},
		{"too late", frame.Format{Size: 2}, []string{"0 1", "21 02", "5 11"}, []string{"02", "11"}, 1},
		{"between frames", frame.Format{Size: 2}, []string{"0 10", "1000 21"}, []string{"10", "21"}, 0},
		{"nothing is no byte", frame.Format{Size: 2}, []string{"0 1", "15 ", "15 0", "0 2"}, []string{"02"}, 1},
		{"end", frame.Format{End: ";"}, []string{"0 ab", "30 c;"}, []string{"c"}, 2},
		{"end, after too much", frame.Format{End: ";"}, []string{"0 " + strings.Repeat("x", frame.Max), "30 c;"}, []string{"c"}, frame.Max},
		{"start and end", frame.Format{Start: "<", End: ">"}, []string{"0 <a", "30 b><c>"}, []string{"c"}, 4},
		{"length", frame.Format{Length: &frame.Length{Bytes: 1}}, []string{"0 \x05abc", "30 \x01d"}, []string{"\x01d"}, 4},
		{"match", frame.Format{Match: `a.*;`}, []string{"0 ab", "30 c;ad;"}, []string{"ad;"}, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.format.Gap = gap
			s, err := frame.New(row.format)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			var got []string
			for _, piece := range row.pieces {
				var pause int
				wait, text, _ := strings.Cut(piece, " ")
				fmt.Sscan(wait, &pause)
				now = now.Add(time.Duration(pause) * time.Millisecond)
				for _, f := range s.Feed(now, []byte(text)) {
					got = append(got, string(f))
				}
			}
			if !slices.Equal(got, row.want) || s.Skipped() != uint64(row.skipped) {
				t.Errorf("frames %q and %d bytes skipped, want %q and %d", got, s.Skipped(), row.want, row.skipped)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	if err := frame.Each(strings.NewReader("a"), frame.Format{}, nil); err == nil {
		t.Error("Each takes no format for one")
	}
	for _, row := range []struct {
		format frame.Format
		says   string
	}{
		{frame.Format{}, "want an end, "},
		{frame.Format{Start: "<"}, "want an end, "},
		{frame.Format{Start: "<", Size: 2}, "want an end, "},
		{frame.Format{Match: "a", End: "b"}, "want an end, "},
		{frame.Format{Size: -1, Gap: -time.Second}, "size: -1 is out of range: want 1 to 65536\ngap: -1s is negative"},
		{frame.Format{Size: frame.Max + 1}, "size: 65537 is out of range"},
		{frame.Format{Start: strings.Repeat("a", frame.Max-1), End: "b"}, "leave no room"},
		{frame.Format{Length: &frame.Length{Bytes: 1, Add: frame.Max + 1}}, "length.add: 65537 is out of range: want -65536 to 65536"},
		{frame.Format{Match: `(`}, "match: error parsing regexp: missing closing ): `(`"},
		{frame.Format{Match: `\d*`}, `match: "\\d*" matches what has no bytes: want a pattern that says how a frame ends`},
		{frame.Format{Match: `(?m)^a`}, "looks around"},
		{frame.Format{Match: `a\b`}, "looks around"},
		{frame.Format{Match: `°C;`}, `want bytes beyond ASCII written as \xNN`},
	} {
		if _, err := frame.New(row.format); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%+v: %v, want that it says %q", row.format, err, row.says)
		}
	}
}

// formats has one of each kind, which the fuzzer tries.
var formats = []frame.Format{
	{End: "\r"}, {End: "\r\n"}, {End: "aab"},
	{Start: "<", End: ">"}, {Start: "aab", End: "ab"}, {Start: "~", End: "~"}, {Start: "aa", End: "aa"},
	{Size: 1}, {Size: 3},
	{Length: &frame.Length{Bytes: 1}}, {Length: &frame.Length{At: 1, Bytes: 2, Add: -3}}, {Start: "ab", Length: &frame.Length{At: 1, Bytes: 2, Little: true}}, {Start: "a", Length: &frame.Length{At: 3, Bytes: 4}},
	{Match: telegram}, {Match: `a+b|b.?a`}, {Match: `(a|ab)(c|bcd)(d*;)`}, {Match: `(?s)[^a]{2,}.\xff`},
}

// The same bytes in any cutting give the same frames, each byte is a frame's at most once, and not more of them wait than may.
func FuzzFeed(f *testing.F) {
	for i := range formats {
		f.Add(uint8(i), uint64(i), []byte("aab<ab>\r\n~a~/x!A1B2\r\n\x01\x00\x02abcd;\xff"))
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, all []byte) {
		format := formats[int(which)%len(formats)]
		if seed%8 == 0 { // sometimes more than fits
			all = append(bytes.Repeat(all, frame.Max/(len(all)+1)+1), all...)
		}
		whole, _ := frame.New(format)
		want := feed(whole, all, func() int { return len(all) })
		cut, _ := frame.New(format)
		chance := rand.New(rand.NewPCG(seed, 0))
		got := feed(cut, all, func() int { return 1 + chance.IntN(1+chance.IntN(64)) })
		if !slices.Equal(got, want) || cut.Skipped() != whole.Skipped() {
			t.Errorf("%+v: %.100q in pieces gives %.200q and %d skipped, whole %.200q and %d", format, all, got, cut.Skipped(), want, whole.Skipped())
		}
		sum := int(whole.Skipped())
		for _, f := range want {
			if len(f) == 0 || len(f) > frame.Max {
				t.Errorf("%+v: a frame of %d bytes", format, len(f))
			}
			sum += len(f)
		}
		if sum > len(all) {
			t.Errorf("%+v: frames and what was skipped have %d bytes, and %d came", format, sum, len(all))
		}
		whole.Reset()
		if sum += int(whole.Skipped()) - int(cut.Skipped()); sum > len(all) || int(whole.Skipped()-cut.Skipped()) >= frame.Max {
			t.Errorf("%+v: of %d bytes %d waited", format, len(all), whole.Skipped()-cut.Skipped())
		}
	})
}

// What a match finds is what package regexp would find by trying, after each byte, every place to begin at.
func TestMatchAsRegexp(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, pattern := range []string{`a+b|b.?a`, `(a|ab)(c|bcd)d*;`, `[^a]{2,}?.c`, `(?i)A(B|.*?)C`, `(?s)(;.;|b\nb)+`, `\x{e4}[^\xe4]`, `a(b*c)*;`} {
		whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
		for range 300 {
			text := make([]byte, chance.IntN(24))
			for i := range text {
				text[i] = "abcd;\n\xe4"[chance.IntN(7)]
			}
			var want []string
			for from, to := 0, 1; to <= len(text); to++ {
				for at := from; at < to; at++ {
					if whole.MatchString(latin1(text[at:to])) {
						want = append(want, string(text[at:to]))
						from = to
						break
					}
				}
			}
			s, err := frame.New(frame.Format{Match: pattern})
			if err != nil {
				t.Fatal(err)
			}
			if got := feed(s, text, func() int { return 5 }); !slices.Equal(got, want) {
				t.Errorf("%s in %q finds %q, want %q", pattern, text, got, want)
			}
		}
	}
}

// latin1 is bytes as the text of which each byte is one character.
func latin1(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		text.WriteRune(rune(c))
	}
	return text.String()
}

// A frame is the caller's: what is fed later does not change it.
func TestFramesStay(t *testing.T) {
	s, _ := frame.New(frame.Format{Size: 2})
	first := s.Feed(time.Now(), []byte("ab"))
	s.Feed(time.Now(), []byte("cd"))
	if string(first[0]) != "ab" {
		t.Errorf("the first frame has become %q", first[0])
	}
}

func BenchmarkFeed(b *testing.B) {
	line := []byte("/KFM\r\n\r\n" + strings.Repeat("1-0:1.7.0(01.193*kW)\r\n", 40) + "!6796\r\n")
	for _, format := range []frame.Format{{End: "\n"}, {Match: telegram}} {
		b.Run(format.End+format.Match, func(b *testing.B) {
			s, _ := frame.New(format)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				s.Feed(time.Time{}, line)
			}
		})
	}
}
