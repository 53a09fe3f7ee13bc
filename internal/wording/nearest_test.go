package wording

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"broker", "client_id", "qos", "keepalive", "reconnect.min", "reconnect.max"}
	tests := []struct{ word, want string }{
		{"brokr", "broker"},
		{"BROKER", "broker"},
		{"clientid", "client_id"},
		{"client-id", "client_id"},
		{"keep_alive", "keepalive"},
		{"qso", "qos"},
		{"max", ""},
		{"qs", "qos"},
		{"reconnect.mix", "reconnect.min"},
		{"colour", ""},
		{"", ""},
		{"x", ""},
	}
	for _, tt := range tests {
		got, ok := Nearest(tt.word, known)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Nearest(%q) = %q, %v, want %q", tt.word, got, ok, tt.want)
		}
	}
	if got, ok := Nearest("a", nil); ok {
		t.Errorf("found %q among none", got)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a \\ \"b\" é": "a \\ \"b\" é", "a\nb": `"a\nb"`, "\xff": `"\xff"`, "\u2028": `"\u2028"`, "\x1b": `"\x1b"`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
