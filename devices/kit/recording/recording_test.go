package recording_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
)

func open(t *testing.T, path string) *recording.Recorder {
	t.Helper()
	r, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// What is written is read again: texts, bytes that are none, and when they came; two connections one behind the other.
func TestWriteAndRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "line.jsonl")
		for range 2 {
			r := open(t, path)
			time.Sleep(512 * time.Millisecond)
			for _, err := range []error{r.Out([]byte("PW?\r")), r.In([]byte("PWÖN\r")), r.In([]byte{2, 0xff, 3})} {
				if err != nil {
					t.Error(err)
				}
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"t":0,"at":"2000-01-01T00:00:00Z"}
{"t":0.512,"out":"PW?\r"}
{"t":0.512,"in":"PWÖN\r"}
{"t":0.512,"in_hex":"02ff03"}
`; !strings.HasPrefix(string(text), want) {
			t.Errorf("the recording is\n%s\nwant\n%s", text, want)
		}
		entries, err := recording.Read(bytes.NewReader(text))
		if err != nil || len(entries) != 8 || !entries[4].Opens || entries[5].Opens {
			t.Fatalf("it is read as %+v, %v", entries, err)
		}
		if e := entries[3]; !bytes.Equal(e.In, []byte{2, 0xff, 3}) || e.Out != nil || e.After != 512*time.Millisecond {
			t.Errorf("the last of the first connection is %+v", e)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others can read it: %v, %v", info.Mode(), err)
		}
	})
}

func TestReadRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"{\"t\":0}\n\n{\"t\":":                  "line 3: unexpected end",
		`{"in":"x"}`:                            `line 1: t: "", want seconds`,
		`{"t":-1,"in":"x"}`:                     `line 1: t: "-1", want seconds`,
		`{"t":0,"in_hex":"0g"}`:                 "line 1: in_hex: ",
		"{\"t\":0,\"new\":1}\n{\"t\":\"soon\"}": "line 2: ",
	} {
		if _, err := recording.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	if entries, err := recording.Read(strings.NewReader("")); err != nil || len(entries) != 0 {
		t.Errorf("an empty recording: %v, %v", entries, err)
	}
}

// A recording that is too large ends, and says so once.
func TestEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "line.jsonl")
	open(t, path)
	if err := os.Truncate(path, recording.MaxSize-60); err != nil { // a hole, which takes no room
		t.Fatal(err)
	}
	r := open(t, path)
	if err := r.In([]byte("too much by now")); err == nil || !strings.Contains(err.Error(), "is not made larger") {
		t.Errorf("beyond its size it says %v", err)
	}
	if err := r.In([]byte("x")); err != nil {
		t.Errorf("it says it again: %v", err)
	}
	if err := os.Truncate(path, recording.MaxSize); err != nil {
		t.Fatal(err)
	}
	r = open(t, path) // what it records goes on when it is opened again
	for i, want := range []bool{true, false} {
		if err := r.Out([]byte("x")); want != (err != nil && strings.Contains(err.Error(), "is not made larger")) {
			t.Errorf("opened when it is full, it says at %d: %v", i, err)
		}
	}
	if _, err := recording.Open(os.DevNull); err == nil {
		t.Error("a recording in a device is no fault")
	}
	if _, err := recording.Open(filepath.Join(path, "x")); err == nil {
		t.Error("a recording below a file is no fault")
	}
}

// What is read, of whatever bytes, is no panic, and has a time.
func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"t\":0.5,\"in\":\"x\"}\n{\"t\":1,\"out_hex\":\"00\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, _ := recording.Read(bytes.NewReader(text))
		for _, e := range entries {
			if e.After < 0 {
				t.Errorf("%q is before the beginning", text)
			}
		}
	})
}
