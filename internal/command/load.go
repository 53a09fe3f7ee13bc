package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// sources holds the flags that say where a configuration comes from.
type sources struct {
	path       string
	deviceType string
	anyDevice  bool // the command does not use the options of any device, so that one without a type is accepted
}

// addSources gives cmd --config, --device, and a flag for each option of the configuration.
func addSources(cmd *cobra.Command) *sources {
	s := new(sources)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetNormalizeFunc(originalFlags)
	flags.VarP(&once{text: &s.path}, "config", "c", "configuration `file`: .yaml, .toml, .json, or .conf of the Python original\n"+
		"(default: one named after the program, in the working directory or beside the program)")
	must(cmd.MarkFlagFilename("config", "yaml", "yml", "toml", "json", "conf", "cfg", "ini"))
	addDeviceType(cmd, &s.deviceType)
	for _, f := range config.Flags() {
		doc := f.Doc
		if bounds := f.Bounds.String(); bounds != "" {
			doc += "; " + bounds
		}
		text := f.Default
		flags.Var(&option{once{text: &text}, kind(f)}, f.Key, doc)
		if complete := completeOption(f); complete != nil {
			must(cmd.RegisterFlagCompletionFunc(f.Key, complete))
		}
	}
	return s
}

func addDeviceType(cmd *cobra.Command, kind *string) {
	cmd.Flags().Var(&once{text: kind}, "device", "`type` of the device, for a .conf file that is not called <type>2mqtt.conf")
	must(cmd.RegisterFlagCompletionFunc("device", completeTypes))
}

// once is the value of a text flag. Giving the flag twice is an error: one of the two values would be lost.
type once struct {
	text  *string
	given bool
}

func (w *once) String() string { return *w.text }
func (w *once) Type() string   { return "string" }

// Set sets the text from the command line.
func (w *once) Set(text string) error {
	if w.given {
		return errors.New("given twice")
	}
	*w.text, w.given = text, true
	return nil
}

// option is the value of a flag for an option of the configuration. Package config decodes the text.
type option struct {
	once
	kind string
}

var (
	_ pflag.Value = (*once)(nil)
	_ pflag.Value = (*option)(nil)
)

// Type returns the word for the value that the help shows behind the flag.
func (o *option) Type() string {
	switch o.kind {
	case "bool":
		return "true|false"
	case "list of strings":
		return "list"
	}
	return o.kind
}

// completeOption returns the shell completion for the value of an option. nil completes the names of files.
func completeOption(f options.Field) cobra.CompletionFunc {
	switch {
	case f.Key == "mqtt.broker":
		return cobra.FixedCompletions([]string{"tcp://", "ssl://", "ws://", "wss://", "unix:///", config.Embedded},
			cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)
	case f.Bounds.OneOf != "":
		return fixed(f.Bounds.Words()...)
	case f.Type == "level":
		return fixed("debug", "info", "warn", "error", "none")
	case f.Type == "bool":
		return fixed("true", "false")
	case strings.HasSuffix(f.Key, "file"), strings.HasSuffix(f.Key, ".path"), f.Key == "health.socket":
		return nil
	}
	return cobra.NoFileCompletions
}

func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// load reads the configuration from cmd's flags, the environment and files. Beside an error, the result holds the
// warnings and all that could be read.
func (s *sources) load(cmd *cobra.Command) (*config.Loaded, error) {
	src := config.Sources{Path: s.path, DeviceType: s.deviceType, AnyDevice: s.anyDevice, Environ: os.Environ(), Flags: map[string]string{}}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if _, ok := f.Value.(*option); ok {
			src.Flags[f.Name] = f.Value.String()
		}
	})
	if err := addPlace(&src); err != nil {
		return new(config.Loaded), err
	}
	loaded, err := config.Load(src)
	if err == nil && loaded.Path == "" {
		err = tryOut(loaded)
	}
	return loaded, err
}

// addPlace sets in src the program's path and name, the user's home and the working directory.
func addPlace(src *config.Sources) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the program's own path: %w", err)
	}
	src.Program = filepath.Join(filepath.Dir(program), programName())
	src.Home, _ = os.UserHomeDir() // the user of a service may have no home
	if src.WorkDir, err = os.Getwd(); err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// noConfig is the error for a program that is started without a configuration and has no dummy device to try out.
func noConfig() error {
	return fmt.Errorf(`no configuration found, and no dummy device in this program to try things out with: give --config FILE ("%s config" prints one)`, programName())
}
