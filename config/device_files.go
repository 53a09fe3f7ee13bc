package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// resolveOwnFiles makes the paths absolute of files that the own options of lines and devices name: options whose names end in _file,
// such as password_file. They are looked for as mapping.file is. One that is not there stays as it is named, for the device may be meant
// to wait for it.
func (l *loader) resolveOwnFiles() {
	for i, line := range l.Config.Lines {
		l.Config.Lines[i] = l.withFiles(fmt.Sprintf("lines[%d]", i), "", map[string]any(line)).(map[string]any)
	}
	for i := range l.Config.Devices {
		d := &l.Config.Devices[i]
		d.Params = l.withFiles(fmt.Sprintf("devices[%d].params", i), "", d.Params).(map[string]any)
	}
}

// secretFile matches the names of options whose files nobody else should be able to read.
var secretFile = regexp.MustCompile(`(?i)(pass|pwd|secret|token|bearer|credential|community|key)[a-z_]*_file$`)

// withFiles returns a value of an option with the paths in it made absolute.
func (l *loader) withFiles(key, name string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			break
		}
		resolved := make(map[string]any, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) { // warnings come in an order
			resolved[name] = l.withFiles(key+"."+name, name, value[name])
		}
		return resolved
	case []any:
		resolved := make([]any, len(value))
		for i, item := range value {
			resolved[i] = l.withFiles(fmt.Sprintf("%s[%d]", key, i), name, item)
		}
		return resolved
	case string:
		if value == "" || !strings.HasSuffix(strings.ToLower(name), "_file") {
			break
		}
		path, err := l.resolve(pathOption{key: key, path: &value})
		if err != nil {
			break
		}
		if secretFile.MatchString(name) {
			l.warnIfExposed(l.Name(key), path)
		}
		return path
	}
	return value
}
