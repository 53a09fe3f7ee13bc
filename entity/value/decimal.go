package value

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is the number digits × 10^exponent. Its digits have no zeros in front, and the number 0 has no digits and no sign.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// farthest is how far from the point digits may stand. Numbers beyond are no number of any equipment's, and math/big would take
// long over them.
const farthest = 400

// parse returns the number in a JSON literal or in what strconv writes, and false if it is none or beyond farthest.
func parse(number string) (d decimal, ok bool) {
	text, negative := strings.CutPrefix(number, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return decimal{}, false
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return decimal{}, true
	}
	shift := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return decimal{}, false
		}
		shift = n
	}
	d = decimal{negative, digits, shift - len(fraction)}
	if trimmed := strings.TrimRight(digits, "0"); trimmed != "" {
		d.exponent += len(digits) - len(trimmed)
		d.digits = trimmed
	}
	if len(d.digits) > farthest || d.exponent < -farthest || d.exponent > farthest {
		return decimal{}, false
	}
	return d, true
}

// times returns the product of d and e.
func (d decimal) times(e decimal) decimal {
	if d.digits == "" || e.digits == "" {
		return decimal{}
	}
	product := new(big.Int).Mul(d.whole(), e.whole()).String()
	trimmed := strings.TrimRight(product, "0")
	return decimal{d.negative != e.negative, trimmed, d.exponent + e.exponent + len(product) - len(trimmed)}
}

// over returns d divided by e, which is not 0, as a whole number, and whether that is exact. Otherwise whole is the nearest one.
func (d decimal) over(e decimal) (whole *big.Int, exact bool) {
	num, den := d.whole(), e.whole()
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(abs(d.exponent-e.exponent))), nil)
	if d.exponent >= e.exponent {
		num.Mul(num, shift)
	} else {
		den.Mul(den, shift)
	}
	whole, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	exact = rest.Sign() == 0
	if rest.Lsh(rest, 1).Cmp(den) >= 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if d.negative != e.negative {
		whole.Neg(whole)
	}
	return whole, exact
}

// whole returns the digits as a number.
func (d decimal) whole() *big.Int {
	n, _ := new(big.Int).SetString("0"+d.digits, 10)
	return n
}

// String returns the number as a JSON literal in its shortest form, with an exponent only where there would be many zeros.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	point := len(d.digits) + d.exponent // digits in front of the point
	switch {
	case point > 21 || point < -6:
		text := sign + d.digits[:1]
		if len(d.digits) > 1 {
			text += "." + d.digits[1:]
		}
		return text + "e" + strconv.Itoa(point-1)
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + d.digits
	case point >= len(d.digits):
		return sign + d.digits + strings.Repeat("0", point-len(d.digits))
	}
	return sign + d.digits[:point] + "." + d.digits[point:]
}

func abs(n int) int { return max(n, -n) }

// Round returns the JSON number with so many decimals, no more and no less, rounded on its digits, halves away from zero: 230.05 is
// 230.1 with one. A number with more than 400 digits stays as it is.
func Round(number string, decimals int) string {
	d, ok := parse(number)
	if !ok {
		return number
	}
	kept := len(d.digits) + d.exponent + decimals // digits that stay
	digits := ""
	switch {
	case kept > len(d.digits):
		digits = d.digits + strings.Repeat("0", kept-len(d.digits))
	case kept >= 0:
		digits = d.digits[:kept]
		if kept < len(d.digits) && d.digits[kept] >= '5' {
			digits = increment(digits)
		}
	}
	if strings.Trim(digits, "0") == "" {
		d.negative = false
	}
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if d.negative {
		digits = "-" + digits
	}
	if decimals == 0 {
		return digits
	}
	return digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// increment returns the whole number in digits, plus 1.
func increment(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}
