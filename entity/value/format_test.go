package value_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/messages"
)

var modes = map[int64]string{0: "off", 1: "heat", 2: "cool", 4: "auto"}

func TestFormat(t *testing.T) {
	uint16s := value.Format{Width: 16}
	int16s := value.Format{Width: 16, Encoding: value.Signed, Scale: 0.1}
	float := value.Format{Width: 32, Encoding: value.Float}
	bcd := value.Format{Width: 16, Encoding: value.BCD}
	enum := value.Format{Width: 16, Kind: value.Enum, Words: modes}
	for _, row := range []struct {
		name   string
		format value.Format
		word   uint64
		want   string // the value, or why there is none
	}{
		{"whole", uint16s, 2301, `2301`},
		{"scaled on its digits", value.Format{Width: 16, Scale: 0.1}, 2301, `230.1`},
		{"scaled to a whole number", value.Format{Width: 16, Scale: 0.1}, 2300, `230`},
		{"scaled up", value.Format{Width: 16, Scale: 1000}, 65535, `65535000`},
		{"scaled by what is no power of ten", value.Format{Width: 16, Scale: 0.25}, 3, `0.75`},
		{"scaled below 0", value.Format{Width: 16, Scale: -0.5}, 3, `-1.5`},
		{"small", value.Format{Width: 16, Scale: 1e-6}, 1, `0.000001`},
		{"smaller", value.Format{Width: 16, Scale: 1e-9}, 12, `1.2e-8`},
		{"nothing", int16s, 0, `0`},
		{"negative", int16s, 0xFFFF, `-0.1`},
		{"lowest", int16s, 0x8000, `-3276.8`},
		{"64 bits", value.Format{Width: 64}, math.MaxUint64, `18446744073709551615`},
		{"64 bits, scaled", value.Format{Width: 64, Scale: 0.001}, math.MaxUint64, `18446744073709551.615`},
		{"64 bits, signed", value.Format{Width: 64, Encoding: value.Signed}, 1 << 63, `-9223372036854775808`},
		{"shortest float", float, uint64(math.Float32bits(230.1)), `230.1`},
		{"float, scaled", value.Format{Width: 32, Encoding: value.Float, Scale: 0.001}, uint64(math.Float32bits(230.1)), `0.2301`},
		{"large float", float, uint64(math.Float32bits(math.MaxFloat32)), `3.4028235e38`},
		{"float of 64 bits", value.Format{Width: 64, Encoding: value.Float}, math.Float64bits(0.1), `0.1`},
		{"NaN", float, 0x7FC00000, `the equipment gave no number (NaN)`},
		{"infinite", float, 0xFF800000, `the equipment gave an infinite number`},
		{"BCD", bcd, 0x0230, `230`},
		{"no BCD", bcd, 0x0A30, `the equipment gave 0xa30, which is no BCD number`},
		{"BCD, scaled", value.Format{Width: 32, Encoding: value.BCD, Scale: 0.01}, 0x12345678, `123456.78`},
		{"a field", value.Format{Width: 16, Low: 8, Bits: 3}, 0b10101_101_11111111, `5`},
		{"a signed field", value.Format{Width: 16, Encoding: value.Signed, Low: 8, Bits: 3}, 0x0500, `-3`},
		{"a bit", value.Format{Width: 16, Kind: value.Bool, Low: 5, Bits: 1}, 0x0020, `true`},
		{"no bit", value.Format{Width: 16, Kind: value.Bool, Low: 5, Bits: 1}, 0xFFDF, `false`},
		{"word of an enumeration", enum, 4, `"auto"`},
		{"no word", enum, 3, `the equipment gave 3, which has no word`},
		{"unknown", value.Format{Width: 16, Encoding: value.Signed, Unknown: []uint64{0x8000}}, 0x8000, `the equipment says that it is unknown`},
		{"not unknown", value.Format{Width: 16, Encoding: value.Signed, Unknown: []uint64{0x8000}}, 0x8001, `-32767`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.format.Check(); err != nil {
				t.Fatal(err)
			}
			v, err := row.format.Value(row.word)
			got := v.Raw()
			if err != nil {
				got = err.Error()
			}
			if got != row.want {
				t.Errorf("%#x: got %s, want %s", row.word, got, row.want)
			}
		})
	}
}

func TestWord(t *testing.T) {
	tenths := value.Format{Width: 16, Encoding: value.Signed, Scale: 0.1, Unknown: []uint64{0x8000}}
	for _, row := range []struct {
		name   string
		format value.Format
		value  string
		before uint64
		want   uint64
		fault  string
	}{
		{"scaled", tenths, `21.5`, 0, 215, ""},
		{"in other digits", tenths, `2150e-2`, 0, 215, ""},
		{"negative", tenths, `-0.1`, 0, 0xFFFF, ""},
		{"highest", tenths, `3276.7`, 0, 0x7FFF, ""},
		{"above", tenths, `3276.8`, 0, 0, "3276.8 is outside of -3276.8 to 3276.7"},
		{"far above", tenths, `1e300`, 0, 0, "1e300 is outside of -3276.8 to 3276.7"},
		{"beyond reason", tenths, `1e3000`, 0, 0, "1e3000, want a number"},
		{"between steps", tenths, `21.55`, 0, 0, "21.55 is between the steps of 0.1; the nearest is 21.6"},
		{"between steps, below 0", tenths, `-21.54`, 0, 0, "-21.54 is between the steps of 0.1; the nearest is -21.5"},
		{"the unknown pattern", tenths, `-3276.8`, 0, 0, "-3276.8 is the word 0x8000, which means that nothing is known"},
		{"by a scale of thirds", value.Format{Width: 16, Scale: 3}, `9`, 0, 3, ""},
		{"by a scale below 0", value.Format{Width: 16, Scale: -0.5}, `-1.5`, 0, 3, ""},
		{"by a scale below 0, outside", value.Format{Width: 16, Scale: -0.5}, `1.5`, 0, 0, "1.5 is outside of -32767.5 to 0"},
		{"text", tenths, `"21.5"`, 0, 0, `"21.5", want a number`},
		{"null", tenths, `null`, 0, 0, `null, want a number`},
		{"64 bits", value.Format{Width: 64}, `18446744073709551615`, 0, math.MaxUint64, ""},
		{"one more", value.Format{Width: 64}, `18446744073709551616`, 0, 0, "18446744073709551616 is outside of 0 to 18446744073709551615"},
		{"64 bits, signed", value.Format{Width: 64, Encoding: value.Signed}, `-9223372036854775808`, 0, 1 << 63, ""},
		{"float", value.Format{Width: 32, Encoding: value.Float}, `230.1`, 0, uint64(math.Float32bits(230.1)), ""},
		{"float, scaled", value.Format{Width: 32, Encoding: value.Float, Scale: 0.1}, `23.01`, 0, uint64(math.Float32bits(230.1)), ""},
		{"float beyond", value.Format{Width: 32, Encoding: value.Float}, `1e39`, 0, 0, "1e39 is beyond the range of a float of 32 bits"},
		{"float of 64 bits", value.Format{Width: 64, Encoding: value.Float}, `0.1`, 0, math.Float64bits(0.1), ""},
		{"BCD", value.Format{Width: 16, Encoding: value.BCD}, `230`, 0, 0x0230, ""},
		{"BCD beyond", value.Format{Width: 16, Encoding: value.BCD}, `10000`, 0, 0, "10000 is outside of 0 to 9999"},
		{"a bit, among others", value.Format{Width: 16, Kind: value.Bool, Low: 5, Bits: 1}, `true`, 0x8001, 0x8021, ""},
		{"no bit", value.Format{Width: 16, Kind: value.Bool, Low: 5, Bits: 1}, `false`, 0xFFFF, 0xFFDF, ""},
		{"no bool", value.Format{Width: 16, Kind: value.Bool}, `1`, 0, 0, `1, want true or false`},
		{"a field, among others", value.Format{Width: 16, Low: 8, Bits: 3}, `5`, 0xF8FF, 0xFDFF, ""},
		{"too much for the field", value.Format{Width: 16, Low: 8, Bits: 3}, `8`, 0, 0, "8 is outside of 0 to 7"},
		{"a signed field", value.Format{Width: 16, Encoding: value.Signed, Low: 8, Bits: 3}, `-3`, 0xFF, 0x05FF, ""},
		{"a word", value.Format{Width: 16, Kind: value.Enum, Words: modes}, `"auto"`, 0, 4, ""},
		{"no word", value.Format{Width: 16, Kind: value.Enum, Words: modes}, `"dry"`, 0, 0, `"dry", want one of auto, cool, heat, off`},
		{"a number for a word", value.Format{Width: 16, Kind: value.Enum, Words: modes}, `4`, 0, 0, `4, want one of auto, cool, heat, off`},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := messages.ParseValue(row.value)
			if err != nil {
				t.Fatal(err)
			}
			word, err := row.format.Word(v, row.before)
			if row.fault != "" {
				if err == nil || err.Error() != row.fault {
					t.Errorf("%s: got %#x, %v, want %s", row.value, word, err, row.fault)
				}
				return
			}
			if err != nil || word != row.want {
				t.Errorf("%s: got %#x, %v, want %#x", row.value, word, err, row.want)
			}
		})
	}
}

func TestFormatCheck(t *testing.T) {
	for _, row := range []struct {
		name   string
		format value.Format
		want   string
	}{
		{"no width", value.Format{}, "width: 0 bits, want 8, 16, 32 or 64"},
		{"odd width", value.Format{Width: 24}, "width: 24 bits, want 8, 16, 32 or 64"},
		{"unknown encoding", value.Format{Width: 8, Encoding: 9}, "encoding: 9, want one of unsigned, signed, float, bcd"},
		{"half a float", value.Format{Width: 16, Encoding: value.Float}, "encoding: a float of 16 bits, want 32 or 64"},
		{"bits of a float", value.Format{Width: 32, Encoding: value.Float, Bits: 8}, "bits: some of a float's, want all"},
		{"bits of a digit", value.Format{Width: 16, Encoding: value.BCD, Bits: 6}, "bits: 6 of a BCD number, want a multiple of 4"},
		{"bits outside", value.Format{Width: 16, Low: 12, Bits: 5}, "bits: 5 from 12, want them within 0 to 15"},
		{"a pattern too wide", value.Format{Width: 16, Unknown: []uint64{0x10000}}, "unknown: 0x10000, want a word of 16 bits"},
		{"no scale", value.Format{Width: 16, Scale: math.Inf(1)}, "scale: +Inf, want a number"},
		{"a scaled bool", value.Format{Width: 16, Kind: value.Bool, Scale: 2}, "scale: 2 of what is no number, want none"},
		{"a bool of a float", value.Format{Width: 32, Kind: value.Bool, Encoding: value.Float}, "encoding: a float for what is no number, want a whole number's"},
		{"no words", value.Format{Width: 16, Kind: value.Enum}, "enum: no words, want one at least"},
		{"words of a number", value.Format{Width: 16, Words: modes}, "enum: words for what is no enumeration, want none"},
		{"bad words", value.Format{Width: 16, Bits: 2, Kind: value.Enum, Words: map[int64]string{-1: "x", 1: "y", 2: "y"}},
			"enum: -1, want a number from 0 to 3\nenum: 1 and 2 are both \"y\", want a word for each"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.format.Check(); err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

func TestRange(t *testing.T) {
	for _, row := range []struct {
		format    value.Format
		low, high string
	}{
		{value.Format{Width: 16}, "0", "65535"},
		{value.Format{Width: 16, Encoding: value.Signed, Scale: 0.1}, "-3276.8", "3276.7"},
		{value.Format{Width: 16, Scale: -1}, "-65535", "0"},
		{value.Format{Width: 32, Encoding: value.BCD, Scale: 0.01}, "0", "999999.99"},
		{value.Format{Width: 16, Low: 8, Bits: 3}, "0", "7"},
		{value.Format{Width: 32, Encoding: value.Float}, "", ""},
	} {
		if low, high := row.format.Range(); low != row.low || high != row.high {
			t.Errorf("%+v: %s to %s, want %s to %s", row.format, low, high, row.low, row.high)
		}
	}
}

func TestRound(t *testing.T) {
	for _, row := range []struct {
		number   string
		decimals int
		want     string
	}{
		{"230.05", 1, "230.1"},
		{"2.675", 2, "2.68"}, // float64 has 2.67499…
		{"230.04", 1, "230.0"},
		{"230", 1, "230.0"},
		{"230.1", 3, "230.100"},
		{"999.96", 1, "1000.0"},
		{"0.5", 0, "1"},
		{"0.4", 0, "0"},
		{"-0.04", 1, "0.0"},
		{"-0.05", 1, "-0.1"},
		{"0.004", 1, "0.0"},
		{"0", 2, "0.00"},
		{"1e3", 1, "1000.0"},
		{"1.25e-1", 2, "0.13"},
		{"1e-999", 1, "1e-999"},
		{"12345678901234567.89", 1, "12345678901234567.9"},
	} {
		if got := value.Round(row.number, row.decimals); got != row.want {
			t.Errorf("%s with %d decimals: %s, want %s", row.number, row.decimals, got, row.want)
		}
	}
}

// formats returns a format at random that Check takes.
func formats(random *rand.Rand) value.Format {
	for {
		f := value.Format{
			Width:    []int{8, 16, 32, 64}[random.IntN(4)],
			Encoding: value.Encoding(random.IntN(4)),
			Kind:     value.Kind(random.IntN(2)),
			Scale:    []float64{0, 1, 0.1, 0.01, 0.25, 1000, -1, 3}[random.IntN(8)],
		}
		if random.IntN(2) == 0 {
			f.Low, f.Bits = random.IntN(f.Width), random.IntN(f.Width+1)
		}
		if f.Check() == nil {
			return f
		}
	}
}

// Whatever word the equipment has, its value makes the same word again, and leaves the other bits as they are.
func TestWordsComeBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		f := formats(random)
		word := random.Uint64() >> (64 - f.Width)
		v, err := f.Value(word)
		if err != nil || f.Kind == value.Bool {
			continue
		}
		back, err := f.Word(v, word)
		if f.Encoding == value.Float && f.Scale != 0 && f.Scale != 1 {
			continue // a product has more digits than a float
		}
		if w, _ := f.Value(back); err != nil || back != word && (f.Encoding != value.Float || !w.Equal(v)) { // −0
			t.Fatalf("%+v: %#x is %s, which is %#x, %v", f, word, v, back, err)
		}
		if other, err := f.Word(v, ^word); err == nil {
			if w, _ := f.Value(other); !w.Equal(v) {
				t.Fatalf("%+v: %s among other bits is %s", f, v, w)
			}
		}
	}
}

func FuzzWord(f *testing.F) {
	f.Add(uint64(1), "21.5", uint64(0xFFFF))
	f.Add(uint64(7), "-1e-400", uint64(0))
	f.Add(uint64(9), "18446744073709551615", uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64, literal string, before uint64) {
		v, err := messages.ParseValue(literal)
		if err != nil {
			return
		}
		format := formats(rand.New(rand.NewPCG(seed, 0)))
		word, err := format.Word(v, before)
		if err != nil {
			return
		}
		if format.Width < 64 && word>>format.Width != 0 {
			t.Fatalf("%+v: %s is %#x, more than the word holds", format, v, word)
		}
		if back, err := format.Value(word); format.Encoding != value.Float && (err != nil || !back.Equal(v)) {
			t.Fatalf("%+v: %s is %#x, which is %s, %v", format, v, word, back, err)
		}
	})
}

// What is rounded is a JSON number with so many decimals, no farther from the number than half of the last.
func FuzzRound(f *testing.F) {
	f.Add("230.05", 1)
	f.Add("-0.0049", 2)
	f.Add("99999e-3", 0)
	f.Fuzz(func(t *testing.T, literal string, decimals int) {
		v, err := messages.ParseValue(literal)
		if err != nil || v.Kind() != messages.Number || decimals < 0 || decimals > 15 {
			return
		}
		got := value.Round(v.Raw(), decimals)
		w, err := messages.ParseValue(got)
		if err != nil || w.Kind() != messages.Number {
			t.Fatalf("%s with %d decimals is %q: %v", literal, decimals, got, err)
		}
		a, ok := v.Float()
		b, _ := w.Float()
		if ok && math.Abs(a-b) > 0.5*math.Pow10(-decimals)+1e-15*math.Abs(a) {
			t.Fatalf("%s with %d decimals is %s", literal, decimals, got)
		}
		if again := value.Round(got, decimals); again != got {
			t.Fatalf("%s is %s, and then %s", literal, got, again)
		}
	})
}
