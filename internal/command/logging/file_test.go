package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newFile returns a file in a new directory, and the buffer to which its trouble is logged.
func newFile(t *testing.T, maxSize int64, maxFiles int) (*file, *buffer) {
	t.Helper()
	return fileAt(t, filepath.Join(t.TempDir(), "log"), maxSize, maxFiles)
}

func fileAt(t *testing.T, path string, maxSize int64, maxFiles int) (*file, *buffer) {
	t.Helper()
	stderr := new(buffer)
	to := console(stderr, Text, slog.LevelWarn)
	f := openFile(File{Path: path, MaxSize: maxSize, MaxFiles: maxFiles}, newTrouble(to, "lost", "well", 10*time.Second))
	t.Cleanup(func() { f.Close() })
	return f, stderr
}

func TestRotation(t *testing.T) {
	for _, test := range []struct {
		name     string
		maxSize  int64
		maxFiles int
		before   map[string]string
		lines    []string
		want     map[string]string
	}{
		{"room", 10, 2, nil, []string{"aaaa\n", "bbbb\n"}, map[string]string{"log": "aaaa\nbbbb\n"}},
		{"one byte too many", 9, 2, nil, []string{"aaaa\n", "bbbb\n"},
			map[string]string{"log": "bbbb\n", "log.1": "aaaa\n"}},
		{"the oldest goes", 5, 2, nil, []string{"a\n", "bbbb\n", "cccc\n", "dddd\n"},
			map[string]string{"log": "dddd\n", "log.1": "cccc\n", "log.2": "bbbb\n"}},
		{"goes on where it stopped", 10, 2, map[string]string{"log": "old\n", "log.1": "older\n"}, []string{"bbbb\n", "c\n"},
			map[string]string{"log": "c\n", "log.1": "old\nbbbb\n", "log.2": "older\n"}},
		{"a gap closes", 5, 3, map[string]string{"log.2": "2"}, []string{"aaaa\n", "bbbb\n"},
			map[string]string{"log": "bbbb\n", "log.1": "aaaa\n", "log.3": "2"}},
		{"a line longer than the file", 5, 2, nil, []string{"a\n", "bbbbbbbb\n", "c\n"},
			map[string]string{"log": "c\n", "log.1": "bbbbbbbb\n", "log.2": "a\n"}},
		{"no size", 0, 2, nil, []string{"aaaa\n", "bbbb\n"}, map[string]string{"log": "aaaa\nbbbb\n"}},
		{"none kept", 10, 0, nil, []string{"aaaa\n", "bbbb\n", "cccc\n"}, map[string]string{"log": "cccc\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.before {
				write(t, filepath.Join(dir, name), content)
			}
			f, stderr := fileAt(t, filepath.Join(dir, "log"), test.maxSize, test.maxFiles)
			for _, line := range test.lines {
				if n, err := f.Write([]byte(line)); n != len(line) || err != nil {
					t.Errorf("write %q: %d, %v", line, n, err)
				}
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]string)
			for _, e := range entries {
				got[e.Name()] = read(t, filepath.Join(dir, e.Name()))
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("files\n got %q\nwant %q", got, test.want)
			}
			if stderr.String() != "" {
				t.Errorf("standard error: %s", stderr)
			}
		})
	}
}

func TestFileAfterClose(t *testing.T) {
	f, stderr := newFile(t, 10, 1)
	for range 2 {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := io.WriteString(f, "late\n"); err != os.ErrClosed {
		t.Errorf("write: %v, want %v", err, os.ErrClosed)
	}
	if read(t, f.path)+stderr.String() != "" {
		t.Error("something was written after Close")
	}
}

func TestConcurrentWrites(t *testing.T) {
	f, _ := newFile(t, 100, 1000)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 50 {
				fmt.Fprintf(f, "%d %d\n", g, i)
			}
		})
	}
	all.Wait()
	f.Close()
	paths, _ := filepath.Glob(f.path + "*")
	var lines []string
	for _, p := range paths {
		lines = append(lines, strings.Fields(strings.ReplaceAll(read(t, p), " ", "/"))...)
	}
	slices.Sort(lines)
	if n := len(slices.Compact(lines)); n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}

// A whole day on which the directory of the file is removed and comes back.
func TestDirectoryVanishes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f, stderr := fileAt(t, filepath.Join(dir, "log"), 1000, 1)
		io.WriteString(f, "before\n")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for range 3600 {
			time.Sleep(time.Second)
			io.WriteString(f, "lost\n")
		}
		if n := strings.Count(stderr.String(), "\n"); n < 300 || n > 361 {
			t.Errorf("%d lines about an hour, want one and a sum each 10 s", n)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		io.WriteString(f, "after\n")
		if got := read(t, f.path); got != "after\n" {
			t.Errorf("file: %q", got)
		}
		if !strings.Contains(stderr.String(), "msg=well down=1h0m0s") {
			t.Errorf("no word of the end: %s", stderr)
		}
		f.Close()
	})
}

func TestDirectoryThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	synctest.Test(t, func(t *testing.T) {
		f, stderr := fileAt(t, filepath.Join(dir, "log"), 1000, 1)
		if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "no such file") {
			t.Errorf("at the start: %q", got)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, "lost\n")
		time.Sleep(lookTime)
		io.WriteString(f, "after\n")
		if got := read(t, f.path); got != "after\n" {
			t.Errorf("file: %q", got)
		}
		f.Close()
	})
}

func TestMovedAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, stderr := newFile(t, 1000, 1)
		io.WriteString(f, "before\n")
		if err := os.Rename(f.path, f.path+".old"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		io.WriteString(f, "after\n")
		if got := read(t, f.path); got != "after\n" || stderr.String() != "" {
			t.Errorf("file: %q, standard error: %q", got, stderr)
		}
		f.Close()
	})
}

// After logrotate has copied and truncated the file, the next line is written at its beginning, and the file's full
// size is available at once.
func TestCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, stderr := newFile(t, 12, 2)
		for range 3 {
			io.WriteString(f, "aaaa\n")
			io.WriteString(f, "bbbb\n")
			if err := os.Truncate(f.path, 0); err != nil {
				t.Fatal(err)
			}
		}
		io.WriteString(f, "cccc\n")
		if got := read(t, f.path); got != "cccc\n" || stderr.String() != "" {
			t.Errorf("file: %q, standard error: %q", got, stderr)
		}
		if _, err := os.Stat(f.path + ".1"); err == nil {
			t.Error("the file was put aside though there was room")
		}
		io.WriteString(f, "dd")
		f.torn = true
		if err := os.Truncate(f.path, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		io.WriteString(f, "eeee\n")
		if got := read(t, f.path); got != "eeee\n" {
			t.Errorf("file: %q, want no end of a line that is gone", got)
		}
		f.Close()
	})
}

// After reopen, the next line goes to the file now at the path; without reopen, at the latest the lines after a second.
func TestReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newFile(t, 1000, 1)
		io.WriteString(f, "before\n")
		if err := os.Rename(f.path, f.path+".old"); err != nil {
			t.Fatal(err)
		}
		f.reopen()
		io.WriteString(f, "after\n")
		if got := read(t, f.path); got != "after\n" {
			t.Errorf("file: %q", got)
		}
		f.Close()
	})
}

func TestRotationFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, stderr := newFile(t, 5, 1)
		if err := os.MkdirAll(filepath.Join(f.path+".1", "in the way"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"aaaa\n", "bbbb\n", "cccc\n"} {
			io.WriteString(f, line)
		}
		if got := read(t, f.path); got != "aaaa\nbbbb\ncccc\n" {
			t.Errorf("file: %q, want all lines", got)
		}
		if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "rotate: ") {
			t.Errorf("standard error: %q", got)
		}
		if err := os.RemoveAll(f.path + ".1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		io.WriteString(f, "dddd\n")
		if got := read(t, f.path); got != "dddd\n" {
			t.Errorf("file: %q, want it rotated", got)
		}
		if !strings.Contains(stderr.String(), "msg=well") {
			t.Errorf("standard error: %q", stderr)
		}
		f.Close()
	})
}

func TestTornLine(t *testing.T) {
	f, _ := newFile(t, 1000, 1)
	io.WriteString(f, "half a li")
	f.torn = true // as after a write during which the disk has filled up
	io.WriteString(f, "whole\n")
	io.WriteString(f, "whole\n")
	if got := read(t, f.path); got != "half a li\nwhole\nwhole\n" {
		t.Errorf("file: %q", got)
	}
}
