package wording

import "testing"

func TestDoubled(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"subscribe: no answer":            "",
		"subscribe: subscribe: no answer": "subscribe",
		"tls: tls: failed to verify certificate: x509: unknown": "tls",
		"websocket: websocket handshake failed":                 "websocket",
		"a: open /x: open /x: no such file":                     "open /x",
		"device \"a\": device \"b\": gone":                      "",
		"device \"a\": device \"a\": gone":                      "device \"a\"",
		"link failed: failed":                                   "failed",
		"read tcp 1: read: reset":                               "",
		"it is the the end":                                     "the",
		"topic \"a a: a a: b\": is empty":                       "",
		"1 1 1":                                                 "",
		`"a \" a: a: a`:                                         "",
	} {
		if got := Doubled(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
