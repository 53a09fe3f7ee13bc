package options

import (
	"math"
	"testing"
)

func TestSize(t *testing.T) {
	tests := []struct {
		text string
		want Size
		back string // "" if it cannot be read
	}{
		{"0", 0, "0"},
		{"4096", 4096, "4KB"},
		{"4097", 4097, "4097"},
		{"50MB", 50 << 20, "50MB"},
		{" 50 mb ", 50 << 20, "50MB"},
		{"64k", 64 << 10, "64KB"},
		{"1024M", 1 << 30, "1GB"},
		{"2GB", 2 << 30, "2GB"},
		{"-1KB", -1024, "-1KB"},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807"},
		{"8589934592GB", 0, ""},
		{"9223372036854775808", 0, ""},
		{"1.5MB", 0, ""},
		{"MB", 0, ""},
		{"12 bytes", 0, ""},
		{"", 0, ""},
	}
	for _, tt := range tests {
		var s Size
		err := s.UnmarshalText([]byte(tt.text))
		if (err == nil) != (tt.back != "") || err == nil && (s != tt.want || s.String() != tt.back) {
			t.Errorf("%q is read as %d, %v, error %v; want %d, %s", tt.text, s, s, err, tt.want, tt.back)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add("50MB")
	f.Add("-9223372036854775808")
	f.Fuzz(func(t *testing.T, text string) {
		var first, second Size
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || first != second {
			t.Errorf("%q is %d, written %v, read again %d, %v", text, first, first, second, err)
		}
	})
}
