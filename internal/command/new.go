package command

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices"
)

// library is the module that devices are written with.
const library = "github.com/mqttgateway/mqttgateway"

func newNew() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Begin a device of your own",
		Args: func(cmd *cobra.Command, args []string) error {
			return fmt.Errorf("want %q", cmd.CommandPath()+" device NAME")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(newNewDevice())
	return cmd
}

func newNewDevice() *cobra.Command {
	var s skeleton
	cmd := &cobra.Command{
		Use:   "device NAME",
		Short: "Write a module with a type of device, its test, a program and a configuration",
		Long: `Device writes into this folder a Go module that works as it is: a type of device called NAME and its test, a gateway
that has it, and a configuration. Change the device into yours, then run the tests and the gateway:

  go test ./...
  go run . run

A file that is there already is never overwritten: then nothing is written.`,
		Example: `  mkdir lamp && cd lamp && gateway new device lamp`,
		Args:    wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Name = args[0]
			return s.write(cmd)
		},
	}
	cmd.Flags().StringVar(&s.Module, "module", "", "path of the module (default example.com/NAME)")
	cmd.Flags().StringVar(&s.Replace, "replace", "", "folder of a clone of "+library+", to be used instead of a published version")
	_ = cmd.MarkFlagDirname("replace")
	return cmd
}

// skeleton is what the templates are made with.
type skeleton struct {
	Name    string // of the type, its package and its program
	Module  string
	Library string // its module path
	Version string // of the library; "" if there is Replace
	Replace string // absolute; "": none
}

//go:embed skeleton
var skeletonFiles embed.FS

// skeletonNames are the files that the templates become. The name of a template would make it a part of this module.
var skeletonNames = []struct{ template, file string }{
	{"go.mod.txt", "go.mod"},
	{"main.go.txt", "main.go"},
	{"config.yaml.txt", "{{.Name}}.yaml"},
	{"device.go.txt", "devices/{{.Name}}/{{.Name}}.go"},
	{"pretend.go.txt", "devices/{{.Name}}/pretend.go"},
	{"device_test.go.txt", "devices/{{.Name}}/{{.Name}}_test.go"},
}

// write writes the files into the working directory, and has the go command complete go.mod.
func (s *skeleton) write(cmd *cobra.Command) error {
	if s.Module == "" {
		s.Module = defaultModule(s.Name)
	}
	if err := s.complete(); err != nil {
		return err
	}
	files := make([]string, len(skeletonNames))
	texts := make([][]byte, len(skeletonNames))
	var taken []error
	for i, n := range skeletonNames {
		text, err := skeletonFiles.ReadFile("skeleton/" + n.template)
		if err != nil {
			return err
		}
		files[i], texts[i] = filepath.FromSlash(string(s.fill(n.file))), s.fill(string(text))
		if _, err := os.Lstat(files[i]); err == nil {
			taken = append(taken, fmt.Errorf("%s is there already", files[i]))
		}
	}
	if len(taken) > 0 {
		return errors.Join(append(taken, errors.New("nothing is written: want an empty folder"))...)
	}
	for i, name := range files {
		if err := create(name, texts[i]); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "wrote", name)
	}
	tidy := exec.CommandContext(cmd.Context(), "go", "mod", "tidy")
	if said, err := tidy.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w: run it again when this is mended:\n%s", err, bytes.TrimSpace(said))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "now change %s into your device, and then\n\n  go test ./...\n  go run . run\n", files[3])
	return nil
}

// fill fills in a template of ours.
func (s *skeleton) fill(text string) []byte {
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(text)).Execute(&b, s); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// create writes a file that is not there.
func create(name string, text []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(text))
	return errors.Join(err, file.Close())
}

var (
	deviceName = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)
	modulePath = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)
	// others are names that the go command takes for something else, or that other files have.
	others = []string{"main", "internal", "vendor", "testdata", "all", "std", "cmd", "devices", "pretend"}
)

// defaultModule is the path of the module of a device of this name.
func defaultModule(name string) string { return "example.com/" + name }

// complete finds the library, and says all that is wrong with what was asked for.
func (s *skeleton) complete() error {
	var faults []error
	name := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("the name %q "+format, append([]any{s.Name}, args...)...))
	}
	switch _, err := devices.Lookup(s.Name); {
	case !deviceName.MatchString(s.Name):
		name("is no name for a type: want a small letter, and then at most 39 small letters and digits, for it is also a package's")
	case token.IsKeyword(s.Name):
		name("is a word of Go's own: want another")
	case slices.Contains(others, s.Name):
		name("stands for something else: want another")
	case err == nil:
		name("is that of a type of device that there is already: want another")
	}
	if s.Module != defaultModule(s.Name) && !modulePath.MatchString(s.Module) { // a name that makes no path is told of already
		faults = append(faults, fmt.Errorf("--module: %q is no path of a module: want one such as example.com/lamp", s.Module))
	}
	s.Library = library
	if s.Replace == "" {
		s.Version = libraryVersion()
		if !strings.HasPrefix(s.Version, "v") || strings.Contains(s.Version, "+") {
			faults = append(faults, errors.New("--replace: missing: this program was built from a clone and not from a published version: want the folder of the clone"))
		}
	} else if err := s.replace(); err != nil {
		faults = append(faults, fmt.Errorf("--replace: %w", err))
	}
	return errors.Join(faults...)
}

// replace makes the folder of the clone absolute.
func (s *skeleton) replace() error {
	mod, err := os.ReadFile(filepath.Join(s.Replace, "go.mod"))
	if err != nil {
		return fmt.Errorf("no folder of a module: %w", err)
	}
	if first, _, _ := strings.Cut(string(mod), "\n"); strings.TrimSpace(first) != "module "+library {
		return fmt.Errorf("%q is another module: want a clone of %s", s.Replace, library)
	}
	s.Replace, err = filepath.Abs(s.Replace)
	return err
}

// libraryVersion returns the version of the library that this program was built with: its own, or that of a module that it requires.
func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == library && dep.Replace == nil {
			return dep.Version
		}
	}
	if info.Main.Path == library {
		return info.Main.Version
	}
	return ""
}
