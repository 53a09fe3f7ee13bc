package messages

import (
	"strconv"
	"strings"
)

// decimal is the number ±0.digits × 10^exponent. digits has no zeros at either end; the number 0 has no digits. A decimal holds
// 1e999999999 in as little memory as 1. Equal numbers are equal decimals (==).
type decimal struct {
	negative bool
	digits   string
	exponent exponent
}

// exponent is a whole number of any size. math/big would need quadratic time to read a number with many digits.
type exponent struct {
	n    int64  // the number, if it has up to 18 digits
	huge string // otherwise the number, in decimal
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
		return decimal{}
	}
	d.exponent = exponentOf(exponent, int64(shift))
	return d
}

// exponentOf returns the number in text, or 0 if text is empty, plus shift, whose size is at most the length of a text.
func exponentOf(text string, shift int64) exponent {
	text, negative := strings.CutPrefix(text, "-")
	text = strings.TrimLeft(strings.TrimPrefix(text, "+"), "0")
	if len(text) < 18 {
		n, _ := strconv.ParseInt("0"+text, 10, 64)
		if negative {
			n = -n
		}
		return exponent{n: n + shift}
	}
	if negative {
		shift = -shift
	}
	digits, carry := []byte(text), shift // the carry is far smaller than the number
	for i := len(digits) - 1; i >= 0 && carry != 0; i-- {
		sum := int64(digits[i]-'0') + carry
		digit := (sum%10 + 10) % 10
		digits[i], carry = byte('0'+digit), (sum-digit)/10
	}
	text = strings.TrimLeft(string(digits), "0")
	if carry > 0 {
		text = strconv.FormatInt(carry, 10) + string(digits)
	}
	if negative {
		text = "-" + text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(strings.TrimPrefix(text, "-")) <= 18 {
		return exponent{n: n}
	}
	return exponent{huge: text}
}

// int64 returns d if d is a whole number that fits into an int64.
func (d decimal) int64() (int64, bool) {
	if d.digits == "" {
		return 0, true
	}
	zeros := d.exponent.n - int64(len(d.digits))
	if d.exponent.huge != "" || zeros < 0 || zeros > 18 { // a fraction, or beyond 64 bits in spite of few digits
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
