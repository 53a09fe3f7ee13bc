package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/knadh/koanf/v2"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// searched are the extensions of files that are found without being named, in this order.
var searched = []string{".yaml", ".toml", ".json", ".conf", ".cfg"}

// parsers are those of today's formats, by extension. originalExt are the extensions of the original's files.
var (
	parsers = map[string]func(vocabulary) koanf.Parser{
		".yaml": func(v vocabulary) koanf.Parser { return yamlParser{words: v} },
		".yml":  func(v vocabulary) koanf.Parser { return yamlParser{words: v} },
		".toml": func(v vocabulary) koanf.Parser { return tomlParser{words: v} },
		".json": func(v vocabulary) koanf.Parser { return jsonParser{words: v} },
	}
	originalExt = map[string]bool{".conf": true, ".cfg": true, ".ini": true}
)

// IsOriginal reports, by the name of a file, whether it is one of the original's: .conf, .cfg or .ini.
func IsOriginal(path string) bool { return originalExt[strings.ToLower(filepath.Ext(path))] }

// Find returns the path of the configuration called name in the first of dirs that has one, "" if none has.
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

// isFile reports whether there is something at path other than a folder. Reading refuses what is no regular file.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// findFile returns the path of the file to read. ".", "..", and a folder with / at its end stand for the usual names in that folder.
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
	return under(l.src.WorkDir, path), nil // opening it returns why not
}

// dirs returns the folders in which files are looked for, as long as the folder of the configuration file is not known.
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

// oldHome returns the folder in which the original of 2022 had its files.
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
		l.readOriginal()
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
	// The source stays, and the words of the file's parser don't.
	l.file = &source{path: path, parser: parser(vocabulary{}).(outline)}
	l.load(textFile(path), located{parser(vocabulary{}), path, &l.file.sum}, l.respell)
}

// respell changes the keys of a file's options to the spelling of config.go, and returns the spelling of the file.
func (l *loader) respell(raw map[string]any) origins {
	spelt, err := options.Normalize(raw, Config{})
	for _, f := range options.Faults(err) {
		l.faults = append(l.faults, &options.Fault{Place: l.file.place(f.Key), Key: f.Key, Err: f.Err})
	}
	return spelt
}
