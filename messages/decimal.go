package messages

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is the number ±0.digits × 10^exponent, digits without zeros at either end; zero has no digits. It holds
// 1e999999999 as easily as 1, where an integer of that size would not fit the memory.
type decimal struct {
	negative bool
	digits   string
	exponent *big.Int
}

func decimalOf(number string) (d decimal) {
	number, d.negative = strings.CutPrefix(number, "-")
	mantissa, exponent := number, ""
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		mantissa, exponent = number[:i], number[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	shift := len(digits) - len(fraction)
	if d.digits = strings.TrimRight(digits, "0"); d.digits == "" {
		return decimal{exponent: new(big.Int)}
	}
	d.exponent, _ = new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
	if d.exponent == nil {
		d.exponent = new(big.Int)
	}
	d.exponent.Add(d.exponent, big.NewInt(int64(shift)))
	return d
}

func (d decimal) equal(e decimal) bool {
	return d.negative == e.negative && d.digits == e.digits && d.exponent.Cmp(e.exponent) == 0
}

// int64 returns d if it is whole and fits.
func (d decimal) int64() (int64, bool) {
	if d.digits == "" {
		return 0, true
	}
	if !d.exponent.IsInt64() {
		return 0, false
	}
	zeros := d.exponent.Int64() - int64(len(d.digits))
	if zeros < 0 || zeros > 18 { // a fraction, or beyond 64 bits however few the digits are
		return 0, false
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	n, err := strconv.ParseInt(sign+d.digits+strings.Repeat("0", int(zeros)), 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}
