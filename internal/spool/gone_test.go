package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Files of the spool are deleted or replaced while the spool writes nothing. The next record is not kept, nor is any
// record after it, and the spool leaves the directory to the process that has it now.
func TestGone(t *testing.T) {
	do := func(t *testing.T, errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	copied := func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		do(t, err, os.Rename(path, path+".old"), os.WriteFile(path, data, 0o600))
	}
	for _, tt := range []struct {
		name   string
		happen func(t *testing.T, dir string)
		what   string // part of the error
	}{
		{"the directory is deleted", func(t *testing.T, dir string) { do(t, os.RemoveAll(dir)) }, `lock": it was deleted`},
		{"the directory is moved", func(t *testing.T, dir string) { do(t, os.Rename(dir, dir+".old")) }, `lock": it was deleted`},
		{"the directory is replaced", func(t *testing.T, dir string) { do(t, os.Rename(dir, dir+".old"), os.Mkdir(dir, 0o700)) }, `lock": it was deleted`},
		{"all in it is deleted", func(t *testing.T, dir string) { do(t, os.RemoveAll(dir), os.Mkdir(dir, 0o700)) }, `lock": it was deleted`},
		{"the lock is deleted", func(t *testing.T, dir string) { do(t, os.Remove(filepath.Join(dir, "lock"))) }, `lock": it was deleted`},
		{"the lock is replaced", func(t *testing.T, dir string) { copied(t, filepath.Join(dir, "lock")) }, `lock": it was replaced`},
		{"the newest segment is deleted", func(t *testing.T, dir string) {
			files := segmentFiles(t, dir)
			do(t, os.Remove(files[len(files)-1]))
		}, `spool": it was deleted`},
		{"the newest segment is replaced", func(t *testing.T, dir string) {
			files := segmentFiles(t, dir)
			copied(t, files[len(files)-1])
		}, `spool": it was replaced`},
		{"an old segment is deleted", func(t *testing.T, dir string) { do(t, os.Remove(segmentFiles(t, dir)[0])) }, `spool": it was deleted`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "spool")
			b, _ := openOutbox(t, Options{Dir: dir, SegmentSize: 60}, realDisk{})
			numbers := b.keep("one")
			numbers = append(numbers, b.keep("two", "three", "four")...)
			tt.happen(t, dir)
			for _, payload := range []string{"five", "six"} {
				err := b.outcome(b.append(payload))
				if !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), tt.what) || strings.Contains(err.Error(), "\n") {
					t.Errorf("the record is reported with %v, want one line that says the spool is gone: %s", err, tt.what)
				}
			}
			for _, n := range numbers {
				b.Release(n)
			}
			b.close()
			if err := b.troubles(); err != nil {
				t.Errorf("trouble beside it: %v", err)
			}
		})
	}
}

// A second spool takes the path of a spool whose directory was moved away. All that the second spool keeps comes back,
// and so does what is left of the first.
func TestSecondSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	first, _ := openOutbox(t, Options{Dir: dir}, realDisk{})
	numbers := first.keep("first")
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	second, recovered := openOutbox(t, Options{Dir: dir}, realDisk{})
	if got := payloads(recovered.Records); !slices.Equal(got, []string{"first"}) {
		t.Errorf("the second found %q", got)
	}
	second.keep("second")
	first.Release(numbers[0])
	if err := first.outcome(first.append("lost")); !errors.Is(err, ErrGone) {
		t.Errorf("the first goes on with %v", err)
	}
	second.keep("third")
	first.close()
	second.close()
	if got := payloads(reopen(t, dir).Records); !slices.Equal(got, []string{"first", "second", "third"}) {
		t.Errorf("came back: %q", got)
	}
}
