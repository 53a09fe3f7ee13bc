package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	koanfmaps "github.com/knadh/koanf/maps"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Sources are where a configuration comes from. The zero Sources give the defaults.
type Sources struct {
	Path    string            // --config; "" looks for a file named after the program, see Find
	Program string            // path of the running program; "" looks for no file, and calls the gateway gateway
	WorkDir string            // working directory; "" leaves relative paths to the process
	Home    string            // home directory, where the original had its folder; "" looks for none
	Environ []string          // as os.Environ gives it
	Flags   map[string]string // the flags that were given, by key: "mqtt.broker"

	// DeviceType is --device: the type of the device in one of the original's files, whatever the file's name says.
	DeviceType string
	// AnyDevice allows one of the original's files whose device type is unknown, for callers that don't need the device.
	AnyDevice bool
	// Incomplete makes a warning, not a fault, of a file that is named and isn't there. Its path stays as it is named.
	Incomplete bool
}

// Loaded is a configuration, with its file and its warnings.
type Loaded struct {
	Config   Config
	Path     string   // absolute path of the file that was used; "" if there was none
	Warnings []string // each one line

	origins origins
	file    *source // nil: there is none, or one of the original's
}

// Given reports whether a source sets the option. The password of a password_file, the gateway's name if it is the file's, and the
// devices' own options do not count as set.
func (l *Loaded) Given(key string) bool {
	_, ok := l.origins[key]
	return ok
}

// Name returns what the operator calls the option, or a part of it: "--mqtt.qos", "devices[0].params.port", "[INTERFACE] port". It
// returns the key itself if no source sets the option.
func (l *Loaded) Name(key string) string { return l.origins.name(key) }

// Load reads all sources. The error joins all faults, each on one line. Beside an error Path and Warnings are good, Config is not.
func Load(src Sources) (*Loaded, error) {
	l := newLoader(src)
	l.readFile()
	l.readEnvironment()
	l.readFlags()
	l.decode()
	l.fillName()
	l.warnIfHoldsPassword()
	l.resolvePaths()
	l.resolveOwnFiles()
	l.chooseState()
	l.validate()
	return l.Loaded, errors.Join(l.faults...)
}

func newLoader(src Sources) *loader {
	return &loader{src: src, Loaded: &Loaded{origins: origins{}}, merged: koanf.New("."), lists: map[string]any{}}
}

type loader struct {
	*Loaded
	src    Sources
	merged *koanf.Koanf    // without the lists
	lists  map[string]any  // lines and devices, as the last source has them
	broken map[string]bool // options that could not be read, and are therefore not validated
	faults []error
}

// fault notes a fault of an option, under the operator's name for it.
func (l *loader) fault(key string, err error) {
	l.faults = append(l.faults, l.Fault(key, err))
}

func (l *loader) faultf(key, format string, args ...any) {
	l.fault(key, fmt.Errorf(format, args...))
}

func (l *loader) warnf(format string, args ...any) {
	l.Warnings = append(l.Warnings, fmt.Sprintf(format, args...))
}

// load reads a source, a file with its parser, and lays its options over those that were read before. respell changes their
// keys to the spelling of config.go, and returns what the operator calls each of them.
func (l *loader) load(from koanf.Provider, parser koanf.Parser, respell func(raw map[string]any) origins) {
	err := l.merged.Load(from, parser, koanf.WithMergeFunc(func(raw, merged map[string]any) error {
		maps.Copy(l.origins, respell(raw))
		for _, key := range lists {
			if list, ok := raw[key]; ok { // koanf would copy the list with each source, and the last one counts as a whole
				l.lists[key] = list
				delete(raw, key)
			}
		}
		koanfmaps.Merge(raw, merged)
		return nil
	}))
	l.faults = append(l.faults, options.Each(err)...)
}

// named is the respell of options whose keys are those of config.go already.
func named(names origins) func(map[string]any) origins {
	return func(map[string]any) origins { return names }
}

func (l *loader) readFlags() {
	flags, names := map[string]any{}, origins{}
	known := map[string]bool{}
	for _, f := range Flags() {
		known[f.Key] = true
	}
	for key, value := range l.src.Flags {
		if !known[key] {
			l.faults = append(l.faults, fmt.Errorf("--%s: no such option", key))
			continue
		}
		flags[key], names[key] = value, "--"+key
	}
	l.load(confmap.Provider(flags, "."), nil, named(names))
}

func (l *loader) decode() {
	l.broken = map[string]bool{}
	raw := l.merged.Raw()
	maps.Copy(raw, l.lists)
	for _, f := range options.Faults(options.DecodeNormalized(raw, &l.Config)) {
		l.broken[f.Key] = true
		l.fault(f.Key, f.Err)
	}
}

// fillName sets the gateway's name if no source has.
func (l *loader) fillName() {
	if l.Config.Gateway.Name == "" && !l.broken["gateway.name"] {
		l.Config.Gateway.Name = l.appName()
	}
}

// appName returns what the original called the application's name: the name of the configuration file. For one of the original's
// files, read by a program with a name like the original's, lamp2mqtt, it is the name of the program.
func (l *loader) appName() string {
	program := l.src.programName()
	if l.Path == "" || IsOriginal(l.Path) && deviceIn(program) != "" {
		return program
	}
	return stem(l.Path)
}

// deviceIn returns the device in the name of one of the original's programs: lamp of lamp2mqtt.
func deviceIn(program string) string {
	device, _, found := strings.Cut(program, "2mqtt")
	if !found {
		return ""
	}
	return device
}

// programName returns the name of the binary.
func (s Sources) programName() string {
	if s.Program == "" {
		return "gateway"
	}
	return strings.TrimSuffix(filepath.Base(s.Program), ".exe")
}

// stem returns a file's name without its extension.
func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// origins are the operator's names for the options that are set, by key.
type origins map[string]string

// name returns the operator's name for a key. The name of an item of a list or a part of a section begins with that of the whole.
func (o origins) name(key string) string {
	whole, rest := key, ""
	for whole != "" {
		if as, ok := o[whole]; ok {
			if strings.HasSuffix(as, "]") { // a section of the original's
				rest = strings.Replace(rest, ".", " ", 1)
			}
			return as + rest
		}
		cut := max(strings.LastIndexAny(whole, ".["), 0)
		whole, rest = whole[:cut], whole[cut:]+rest
	}
	return key
}
