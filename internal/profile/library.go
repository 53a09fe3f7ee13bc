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
	Beside  string   // folder of the configuration, where files are looked for that profiles name; "": there is none
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

// WithFiles returns parameters that a profile has made, with the paths in it made absolute of files that options name whose names end in
// _file, such as ca_file. Such a file is looked for beside the profile, and then beside the configuration. One that is not there stays as it
// is named.
func (l Library) WithFiles(p *Profile, params map[string]any) map[string]any {
	var folders []string
	if !strings.HasPrefix(p.Path, shipped) {
		folders = append(folders, filepath.Dir(p.Path))
	}
	if l.Beside != "" {
		folders = append(folders, l.Beside)
	}
	return withFiles("", params, folders).(map[string]any)
}

// withFiles makes the paths absolute in the value of an option with a name.
func withFiles(name string, value any, folders []string) any {
	switch value := value.(type) {
	case map[string]any:
		found := make(map[string]any, len(value))
		for name, item := range value {
			found[name] = withFiles(name, item, folders)
		}
		return found
	case []any:
		found := make([]any, len(value))
		for i, item := range value {
			found[i] = withFiles(name, item, folders)
		}
		return found
	case string:
		if value == "" || !strings.HasSuffix(strings.ToLower(name), "_file") || filepath.IsAbs(value) {
			break
		}
		for _, folder := range folders {
			path, err := filepath.Abs(filepath.Join(folder, value))
			if err != nil {
				continue
			}
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return value
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
