package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"text": "some text\n", "empty": ""} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("text", path("link")); err != nil {
		t.Fatal(err)
	}
	// A sparse file.
	if err := errors.Join(os.WriteFile(path("larger"), nil, 0o600), os.Truncate(path("larger"), Max+1)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, want string // of the file's content, only the beginning
		size       int
		err        string
	}{
		{"text", "some text\n", 10, ""},
		{"empty", "", 0, ""},
		{"link", "some text\n", 10, ""},
		{"larger", "", 0, "larger than 64 MB"},
		{"missing", "", 0, "no such file or directory"},
		{".", "", 0, "it is a directory: want a regular file"},
	} {
		text, err := Read(path(row.name))
		switch {
		case row.err == "" && err != nil, len(text) != row.size, !strings.HasPrefix(string(text), row.want):
			t.Errorf("%s: %d bytes, %v; want %d", row.name, len(text), err, row.size)
		case row.err != "":
			wantPathError(t, err, path(row.name), row.err)
		}
	}
}

func wantPathError(t *testing.T, err error, path, says string) {
	t.Helper()
	if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != path || !strings.HasSuffix(err.Error(), ": "+says) {
		t.Errorf("%s: got %v, want a path error: %s", path, err, says)
	}
}
