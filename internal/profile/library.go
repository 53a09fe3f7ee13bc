package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Library is where profiles are looked for: NAME.yaml, or NAME/NAME.yaml with a recording beside it. Who comes first wins.
type Library struct {
	Folders []string // of users; those that are not there have no profiles
	Shipped fs.FS    // those of the program, each in a folder of its own; nil: there are none
}

// shipped is what stands before the path of a profile that the program has in itself.
const shipped = "built in: "

// Find reads the profile called name, anew each time.
func (l Library) Find(name string) (*Profile, error) {
	if !usual.MatchString(name) {
		return nil, fmt.Errorf("%q is no name of a profile: want small letters, digits, _ and -", name)
	}
	for _, folder := range l.Folders {
		for _, path := range []string{filepath.Join(folder, name+".yaml"), filepath.Join(folder, name, name+".yaml")} {
			text, err := files.Text(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			return called(name, path, text)
		}
	}
	if l.Shipped != nil {
		path := name + "/" + name + ".yaml"
		if text, err := fs.ReadFile(l.Shipped, path); err == nil {
			return called(name, shipped+path, text)
		}
	}
	return nil, l.unknown(name)
}

func (l Library) unknown(name string) error {
	names := l.Names()
	if near, ok := wording.Nearest(name, names); ok {
		return fmt.Errorf("unknown profile %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown profile %q (have %s)", name, strings.Join(names, ", "))
}

// called reads a profile that is to have a name.
func called(name, path string, text []byte) (*Profile, error) {
	p, err := Parse(path, text)
	if err == nil && p.Name != name {
		return nil, &options.Fault{Place: p.outline.Place(path, "profile"), Key: "profile", Err: fmt.Errorf("%q, want %q, as the file is called", p.Name, name)}
	}
	return p, err
}

// Read reads the profile in a file.
func Read(path string) (*Profile, error) {
	text, err := files.Text(path)
	if err != nil {
		return nil, err
	}
	return called(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), path, text)
}

// Names returns the names of all profiles that there are, sorted.
func (l Library) Names() []string {
	names := make(map[string]bool)
	add := func(files fs.FS) {
		for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
			paths, _ := fs.Glob(files, pattern)
			for _, path := range paths {
				folder, file, nested := strings.Cut(strings.TrimSuffix(path, ".yaml"), "/")
				if !nested || folder == file {
					names[folder] = true
				}
			}
		}
	}
	for _, folder := range l.Folders {
		add(os.DirFS(folder))
	}
	if l.Shipped != nil {
		add(l.Shipped)
	}
	return slices.Sorted(maps.Keys(names))
}
