package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. It is written 50MB, 64KB, 1GB or as plain bytes; the units are powers of 1024, in any
// case, and the B may be left out.
type Size int64

// The units of Size.
const (
	KB Size = 1 << (10 * (iota + 1))
	MB
	GB
)

var units = []struct {
	name string
	size Size
}{{"GB", GB}, {"MB", MB}, {"KB", KB}}

// String uses the largest unit that divides s, so that reading it gives s again.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns the size with the largest unit that divides it: 64KB.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a whole number with or without a unit, in any case.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.ToUpper(strings.TrimSpace(string(text)))
	unit := Size(1)
	for _, u := range units {
		if d, ok := cutUnit(digits, u.name); ok {
			digits, unit = d, u.size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("want a size such as 50MB, 64KB or 4096, have %q", text)
	}
	if n > math.MaxInt64/int64(unit) || n < math.MinInt64/int64(unit) {
		return fmt.Errorf("%q is more than can be counted", text)
	}
	*s = Size(n) * unit
	return nil
}

// cutUnit cuts MB, or M alone, off the end.
func cutUnit(text, unit string) (digits string, ok bool) {
	for _, suffix := range []string{unit, unit[:1]} {
		if digits, ok = strings.CutSuffix(text, suffix); ok {
			return strings.TrimSpace(digits), true
		}
	}
	return text, false
}
