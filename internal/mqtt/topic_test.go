package mqtt

import (
	"strings"
	"testing"
)

func TestCheckTopic(t *testing.T) {
	tests := []struct {
		name, topic, err string
	}{
		{"plain", "home/Audio/gw", ""},
		{"empty levels", "home//gw/", ""},
		{"one level that is empty, twice", "/", ""},
		{"white space", "a b", ""},
		{"not ASCII", "Küche/☃", ""},
		{"as long as can be", strings.Repeat("x", 65535), ""},
		{"empty", "", "empty"},
		{"a byte longer", strings.Repeat("x", 65536), "65536 bytes"},
		{"plus", "a/+/b", "wildcard"},
		{"hash", "a#", "wildcard"},
		{"NUL", "a\x00b", "U+0000"},
		{"tab, which mosquitto hangs up on", "a\tb", "U+0009"},
		{"C1 control", "a\u0085b", "U+0085"},
		{"no character", "a\ufffe", "U+FFFE"},
		{"no character, further out", "a\U0001ffff", "U+1FFFF"},
		{"no character, in the middle", "a\ufdd0", "U+FDD0"},
		{"not UTF-8", "a\xff", "not UTF-8"},
		{"a surrogate", "a\xed\xa0\x80", "not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkTopic(tt.topic); !says(err, tt.err) {
				t.Errorf("checkTopic(%.50q) = %v, want %q", tt.topic, err, tt.err)
			}
		})
	}
}

func TestCheckFilter(t *testing.T) {
	tests := []struct {
		name, filter, err string
	}{
		{"plain", "home/Audio", ""},
		{"everything", "#", ""},
		{"plus", "home/+/gw/+", ""},
		{"hash last", "home/#", ""},
		{"shared", "$share/g/home/#", ""},
		{"empty", "", "empty"},
		{"hash in the middle", "home/#/gw", "not its last level"},
		{"hash and more", "home/a#", "wildcard and more"},
		{"plus and more", "home/+a/gw", "wildcard and more"},
		{"NUL", "a\x00", "U+0000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkFilter(tt.filter); !says(err, tt.err) {
				t.Errorf("checkFilter(%q) = %v, want %q", tt.filter, err, tt.err)
			}
		})
	}
}
