package options

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. An operator writes it as 50MB, 64KB, 1GB or plain bytes. The units are powers of 1024, in any case;
// the B may be left out.
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

// String returns s in the largest unit that divides it, so that reading the text gives s again.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns String.
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

// cutUnit cuts a unit, with or without its B, off the end.
func cutUnit(text, unit string) (digits string, ok bool) {
	for _, suffix := range []string{unit, unit[:1]} {
		if digits, ok = strings.CutSuffix(text, suffix); ok {
			return strings.TrimSpace(digits), true
		}
	}
	return text, false
}
