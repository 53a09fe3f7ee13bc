package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/knadh/koanf/parsers/json"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// searched are the extensions of files that are found without being named, in this order.
var searched = []string{".yaml", ".toml", ".json", ".conf", ".cfg"}

// parsers are the formats of today, legacy the extensions of the original.
var (
	parsers = map[string]koanf.Parser{
		".yaml": yaml.Parser(),
		".yml":  yaml.Parser(),
		".toml": toml.Parser(),
		".json": json.Parser(),
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
	parser, ok := parsers[strings.ToLower(filepath.Ext(path))]
	if !ok {
		l.faults = append(l.faults, fmt.Errorf("%s: unknown kind of file: want .yaml, .toml, .json or .conf", path))
		return
	}
	raw, err := parse(path, parser)
	if err != nil {
		l.faults = append(l.faults, readError(path, err))
		return
	}
	clean, spelt, err := options.Normalize(raw, Config{})
	for _, f := range options.Faults(err) {
		l.faults = append(l.faults, f)
	}
	l.merge(clean, spelt)
}

// parse reads the file by itself, for koanf would copy it several times.
func parse(path string, parser koanf.Parser) (map[string]any, error) {
	text, err := files.Read(path)
	if err != nil {
		return nil, err
	}
	words := vocabulary{}
	if _, ok := parser.(*yaml.YAML); ok {
		if raw, ok := words.readYAML(text); ok {
			return raw, nil
		}
	}
	raw, err := parser.Unmarshal(text)
	words.share(raw)
	return raw, err
}

// quotedYAML is where YAML's parser quotes the file: it may be a password.
var quotedYAML = regexp.MustCompile("(anchor )'[^']*'|`[^`]*`")

// readError keeps to one line, though parsers do not, names the path once, and quotes no values.
func readError(path string, err error) error {
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return err
	}
	said := strings.Join(strings.Fields(err.Error()), " ")
	return fmt.Errorf("%s: %s", path, quotedYAML.ReplaceAllString(said, "${1}******"))
}
