package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// searched are the extensions of files that are found without being named, in this order.
var searched = []string{".yaml", ".toml", ".json", ".conf", ".cfg"}

// readers are the formats of today, legacy the extensions of the original. A reader's error joins one for each fault.
var (
	readers = map[string]func(vocabulary, []byte) (map[string]any, error){
		".yaml": vocabulary.readYAML,
		".yml":  vocabulary.readYAML,
		".toml": vocabulary.readTOML,
		".json": vocabulary.readJSON,
	}
	legacy = map[string]bool{".conf": true, ".cfg": true, ".ini": true}
)

// IsOriginal tells by its name whether a file is one of the original's: .conf, .cfg or .ini.
func IsOriginal(path string) bool { return legacy[strings.ToLower(filepath.Ext(path))] }

// Find looks for the configuration called name, in one folder after the other. It returns "" if there is none.
func Find(name string, dirs []string) string {
	for _, dir := range dirs {
		for _, ext := range searched {
			path := filepath.Join(dir, name+ext)
			if isFile(path) {
				return path
			}
		}
	}
	return ""
}

// isFile is true for whatever is there and no folder. Reading says of a named pipe that it is none of ours.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// findFile decides which file to read. "." and "..", and a folder with / at its end, stand for the usual names in there.
func (l *loader) findFile() (string, error) {
	name, path := l.src.programName(), l.src.Path
	switch {
	case path == "" && l.src.Program == "":
		return "", nil
	case path == "":
		return Find(name, l.src.dirs()), nil
	case path == "." || path == ".." || strings.HasSuffix(path, "/"):
		for _, dir := range l.src.dirs() {
			if found := Find(name, []string{under(dir, path)}); found != "" {
				return found, nil
			}
		}
		return "", fmt.Errorf("no configuration in %q: want %s with one of the extensions %s", path, name, strings.Join(searched, " "))
	}
	for _, dir := range l.src.dirs() {
		if found := under(dir, path); isFile(found) {
			return found, nil
		}
	}
	return under(l.src.WorkDir, path), nil // and opening it says why not
}

// dirs are the folders where files are looked for, before the configuration file's own is known.
func (s Sources) dirs() []string {
	dirs := []string{s.WorkDir}
	if s.Program != "" {
		dirs = append(dirs, filepath.Dir(s.Program))
	}
	if s.Home != "" {
		dirs = append(dirs, s.oldHome())
	}
	return dirs
}

// oldHome is the folder in which the original of 2022 had its files.
func (s Sources) oldHome() string { return filepath.Join(s.Home, ".mqttgtw") }

func (l *loader) readFile() {
	path, err := l.findFile()
	if err != nil {
		l.faults = append(l.faults, err)
		return
	}
	if path == "" {
		if l.src.DeviceType != "" {
			l.faults = append(l.faults, errors.New("--device: only for files of the original (.conf, .cfg, .ini), and there is none"))
		}
		return
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	l.Path = path
	if IsOriginal(path) {
		l.readLegacy()
		return
	}
	if l.src.DeviceType != "" {
		l.faults = append(l.faults, fmt.Errorf("--device: only for files of the original (.conf, .cfg, .ini); %s lists its devices itself", path))
	}
	read, ok := readers[strings.ToLower(filepath.Ext(path))]
	if !ok {
		l.faults = append(l.faults, fmt.Errorf("%s: unknown kind of file: want .yaml, .toml, .json or .conf", path))
		return
	}
	text, err := files.Text(path)
	if err != nil {
		l.faults = append(l.faults, err)
		return
	}
	raw, err := read(vocabulary{}, text)
	if err != nil {
		l.faults = append(l.faults, readErrors(path, err)...)
		return
	}
	clean, spelt, err := options.Normalize(raw, Config{})
	for _, f := range options.Faults(err) {
		l.faults = append(l.faults, f)
	}
	l.merge(clean, spelt)
}

// readTOML tells the line and column of what is wrong, which the parser keeps apart.
func (v vocabulary) readTOML(text []byte) (raw map[string]any, err error) {
	if err = toml.Unmarshal(text, &raw); err == nil {
		v.share(raw)
		return raw, nil
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := wrong.Position()
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	// What is there twice it tells without a place, but as soon as it has read that far.
	lines := bytes.SplitAfter(text, []byte("\n"))
	line := sort.Search(len(lines), func(n int) bool {
		wrong := toml.Unmarshal(bytes.Join(lines[:n], nil), new(map[string]any))
		return wrong != nil && wrong.Error() == err.Error()
	})
	return nil, fmt.Errorf("line %d: %w", line, err)
}

// quotedYAML is where YAML's parser quotes the file: it may be a password.
var quotedYAML = regexp.MustCompile("(anchor )'[^']*'|`[^`]*`")

// readErrors keeps to one line a fault, though parsers do not, and quotes no values.
func readErrors(path string, err error) (faults []error) {
	for _, f := range options.Faults(err) {
		said := strings.Join(strings.Fields(f.Err.Error()), " ")
		faults = append(faults, fmt.Errorf("%s: %s", path, quotedYAML.ReplaceAllString(said, "${1}******")))
	}
	return faults
}
