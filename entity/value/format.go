package value

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Encoding is how the bits of a word, or of a field in it, are a number.
type Encoding uint8

// The encodings.
const (
	Unsigned Encoding = iota
	Signed            // two's complement
	Float             // IEEE 754, of 32 or 64 bits
	BCD               // binary-coded decimal: four bits a digit
)

// String returns the encoding's name in lower case.
func (e Encoding) String() string {
	return [...]string{"unsigned", "signed", "float", "bcd"}[e]
}

// Kind is what a Format makes of a number.
type Kind uint8

// The kinds.
const (
	Number Kind = iota
	Bool        // false if the number is 0
	Enum        // a word for each number
)

// Format says how a word of up to 64 bits is a value.
type Format struct {
	Width    int // bits of the word: 8, 16, 32 or 64
	Encoding Encoding
	Low      int // the lowest bit of the field that counts, from 0
	Bits     int // how many bits the field has; 0: all from Low up
	Kind     Kind
	Scale    float64          // of a Number, by its shortest digits; 0: 1
	Words    map[int64]string // of an Enum
	Unknown  []uint64         // words, whole ones, that mean that nothing is known
}

// The reasons why a word has no value.
var (
	errUnknown  = errors.New("the equipment says that it is unknown")
	errNaN      = errors.New("the equipment gave no number (NaN)")
	errInfinite = errors.New("the equipment gave an infinite number")
)

// Check returns all that is wrong with f, joined.
func (f Format) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch f.Width {
	case 8, 16, 32, 64:
	default:
		fault("width: %d bits, want 8, 16, 32 or 64", f.Width)
		return errors.Join(faults...)
	}
	whole := f.Low == 0 && (f.Bits == 0 || f.Bits == f.Width)
	switch {
	case f.Encoding > BCD:
		fault("encoding: %d, want one of unsigned, signed, float, bcd", f.Encoding)
	case f.Encoding == Float && f.Width < 32:
		fault("encoding: a float of %d bits, want 32 or 64", f.Width)
	case f.Encoding == Float && !whole:
		fault("bits: some of a float's, want all")
	case f.Encoding == BCD && f.field()%4 != 0:
		fault("bits: %d of a BCD number, want a multiple of 4", f.field())
	}
	if f.Low < 0 || f.Bits < 0 || f.Low >= f.Width || f.Low+f.Bits > f.Width {
		fault("bits: %d from %d, want them within 0 to %d", f.Bits, f.Low, f.Width-1)
	}
	if math.IsNaN(f.Scale) || math.IsInf(f.Scale, 0) {
		fault("scale: %v, want a number", f.Scale)
	}
	if f.Scale != 0 && f.Scale != 1 && f.Kind != Number {
		fault("scale: %v of what is no number, want none", f.Scale)
	}
	if f.Encoding == Float && f.Kind != Number {
		fault("encoding: a float for what is no number, want a whole number's")
	}
	for _, u := range f.Unknown {
		if f.Width < 64 && u>>f.Width != 0 {
			fault("unknown: %#x, want a word of %d bits", u, f.Width)
		}
	}
	if f.Kind == Enum && len(f.Words) == 0 {
		fault("enum: no words, want one at least")
	}
	if f.Kind != Enum && len(f.Words) != 0 {
		fault("enum: words for what is no enumeration, want none")
	}
	return errors.Join(append(faults, f.checkWords()...)...)
}

// checkWords returns what is wrong with the words of an enumeration, in the order of their numbers.
func (f Format) checkWords() (faults []error) {
	if f.Kind != Enum || f.Encoding == Float {
		return nil
	}
	lowest, highest := f.bounds()
	by := make(map[string]int64)
	for _, n := range slices.Sorted(maps.Keys(f.Words)) {
		word := f.Words[n]
		if other, twice := by[word]; twice {
			faults = append(faults, fmt.Errorf("enum: %d and %d are both %q, want a word for each", other, n, word))
		}
		by[word] = n
		if b := big.NewInt(n); b.Cmp(lowest) < 0 || b.Cmp(highest) > 0 {
			faults = append(faults, fmt.Errorf("enum: %d, want a number from %s to %s", n, lowest, highest))
		}
	}
	return faults
}

// Value returns the value of a word, or why it has none.
func (f Format) Value(word uint64) (messages.Value, error) {
	if slices.Contains(f.Unknown, word) {
		return messages.Value{}, errUnknown
	}
	n, err := f.number(word)
	if err != nil {
		return messages.Value{}, err
	}
	switch f.Kind {
	case Bool:
		return messages.BoolValue(n.digits != ""), nil
	case Enum:
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if w, ok := f.Words[i]; ok && err == nil {
			return messages.TextValue(w), nil
		}
		return messages.Value{}, fmt.Errorf("the equipment gave %s, which has no word", n)
	}
	if f.Scale != 0 {
		n = n.times(f.scale())
	}
	return messages.ParseValue(n.String())
}

// number returns the number in a word, unscaled.
func (f Format) number(word uint64) (decimal, error) {
	if f.Encoding == Float {
		x, bits := math.Float64frombits(word), 64
		if f.Width == 32 {
			x, bits = float64(math.Float32frombits(uint32(word))), 32
		}
		switch {
		case math.IsNaN(x):
			return decimal{}, errNaN
		case math.IsInf(x, 0):
			return decimal{}, errInfinite
		}
		d, _ := parse(strconv.FormatFloat(x, 'e', -1, bits))
		return d, nil
	}
	field := word >> f.Low & f.mask()
	text := ""
	switch f.Encoding {
	case Signed:
		up := 64 - f.field()
		text = strconv.FormatInt(int64(field<<up)>>up, 10)
	case BCD:
		text = strconv.FormatUint(field, 16)
		if strings.ContainsAny(text, "abcdef") {
			return decimal{}, fmt.Errorf("the equipment gave %#x, which is no BCD number", field)
		}
	default:
		text = strconv.FormatUint(field, 10)
	}
	d, _ := parse(text)
	return d, nil
}

// Word returns the word for a value. Bits outside of the field stay as they are in before. The error says what would have been
// right: a number within the range and on its steps, true or false, a word of the enumeration.
func (f Format) Word(v messages.Value, before uint64) (uint64, error) {
	var field uint64
	switch f.Kind {
	case Bool:
		b, ok := v.Bool()
		if !ok {
			return 0, fmt.Errorf("%s, want true or false", v.Raw())
		}
		if b {
			field = 1
		}
		return f.into(before, field), nil
	case Enum:
		text, ok := v.Text()
		for n, word := range f.Words {
			if ok && word == text {
				return f.whole(big.NewInt(n), v, before)
			}
		}
		words := slices.Sorted(maps.Values(f.Words))
		return 0, fmt.Errorf("%s, want one of %s", v.Raw(), strings.Join(words, ", "))
	}
	d, ok := parse(v.String())
	if v.Kind() != messages.Number || !ok {
		return 0, fmt.Errorf("%s, want a number", v.Raw())
	}
	if f.Encoding == Float {
		return f.float(v)
	}
	n, exact := d.over(f.scale())
	if !exact {
		nearest, _ := parse(n.String())
		return 0, fmt.Errorf("%s is between the steps of %s; the nearest is %s", v.Raw(), f.scale(), nearest.times(f.scale()))
	}
	return f.whole(n, v, before)
}

// float returns the word of a float nearest to v.
func (f Format) float(v messages.Value) (uint64, error) {
	x, _ := v.Float()
	if f.Scale != 0 {
		x /= f.Scale
	}
	if f.Width == 64 {
		if math.IsInf(x, 0) {
			return 0, fmt.Errorf("%s is beyond the range of a float of 64 bits", v.Raw())
		}
		return math.Float64bits(x), nil
	}
	if math.IsInf(float64(float32(x)), 0) {
		return 0, fmt.Errorf("%s is beyond the range of a float of 32 bits", v.Raw())
	}
	return uint64(math.Float32bits(float32(x))), nil
}

// whole returns the word whose field is n. v is what n stands for.
func (f Format) whole(n *big.Int, v messages.Value, before uint64) (uint64, error) {
	lowest, highest := f.bounds()
	if n.Cmp(lowest) < 0 || n.Cmp(highest) > 0 {
		low, high := f.Range()
		return 0, fmt.Errorf("%s is outside of %s to %s", v.Raw(), low, high)
	}
	field := n.Uint64()
	switch {
	case f.Encoding == BCD:
		field, _ = strconv.ParseUint(n.String(), 16, 64) // within the bounds, so that it fits
	case n.Sign() < 0:
		field = uint64(n.Int64())
	}
	word := f.into(before, field)
	if slices.Contains(f.Unknown, word) {
		return 0, fmt.Errorf("%s is the word %#x, which means that nothing is known", v.Raw(), word)
	}
	return word, nil
}

// Range returns the lowest and the highest number that a word can hold, scaled, as JSON numbers. A float has none: "".
func (f Format) Range() (lowest, highest string) {
	if f.Encoding == Float {
		return "", ""
	}
	low, high := f.bounds()
	a, _ := parse(low.String())
	b, _ := parse(high.String())
	if f.Kind != Number || f.Scale == 0 {
		return a.String(), b.String()
	}
	a, b = a.times(f.scale()), b.times(f.scale())
	if f.Scale < 0 {
		a, b = b, a
	}
	return a.String(), b.String()
}

// bounds returns the lowest and the highest number of a field, unscaled.
func (f Format) bounds() (lowest, highest *big.Int) {
	one := big.NewInt(1)
	switch n := uint(f.field()); f.Encoding {
	case Signed:
		half := new(big.Int).Lsh(one, n-1)
		return new(big.Int).Neg(half), new(big.Int).Sub(half, one)
	case BCD:
		return new(big.Int), new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n/4)), nil), one)
	default:
		return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, n), one)
	}
}

// field returns how many bits count.
func (f Format) field() int {
	if f.Bits == 0 {
		return f.Width - f.Low
	}
	return f.Bits
}

// mask returns a field of ones, at the lowest bits.
func (f Format) mask() uint64 { return ^uint64(0) >> (64 - f.field()) }

// into returns before with the field in its place.
func (f Format) into(before, field uint64) uint64 {
	word := ^uint64(0) >> (64 - f.Width)
	return (before&^(f.mask()<<f.Low) | (field&f.mask())<<f.Low) & word
}

// scale returns what numbers are multiplied by.
func (f Format) scale() decimal {
	if f.Scale == 0 {
		return decimal{digits: "1"}
	}
	d, _ := parse(strconv.FormatFloat(f.Scale, 'e', -1, 64))
	return d
}
