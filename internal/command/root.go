package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// statusInterrupted is the exit status by which shells know that a program was ended by Ctrl-C.
const statusInterrupted = 130

// Execute runs the command line args, without the program's name, and returns the exit status.
func Execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(withCommand(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errInterrupted) {
		return statusInterrupted // whoever has pressed Ctrl-C knows
	}
	var said strings.Builder
	for _, line := range faultLines(err) {
		said.WriteString(options.Redact(line) + "\n")
	}
	if cmd.Name() == "run" { // a service must end, and be restarted, even if nobody reads its output
		sayWithin(time.Second, stderr, said.String())
	} else {
		fmt.Fprint(stderr, said.String())
	}
	return 1
}

// sayWithin writes text, and stops waiting for the write after most.
func sayWithin(most time.Duration, w io.Writer, text string) {
	written := make(chan struct{})
	go func() { // a write that never returns leaves the goroutine behind until the program ends
		defer close(written)
		fmt.Fprint(w, text)
	}()
	select {
	case <-written:
	case <-time.After(most):
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   programName() + " COMMAND",
		Short: "Join things that do not speak MQTT to a network that does",
		Long: `Gateway joins things that do not speak MQTT (serial lines, TCP and HTTP boxes, programs) to a network that does.

Without a configuration, "gateway run" shows what it does: it starts a broker of its own and one dummy device, and says
what to type next. "gateway config" prints a configuration to begin with.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       version(),
	}
	root.SetVersionTemplate(versionLine(root.Name()))
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	socket := func(l *config.Loaded) string { return l.Config.Health.Socket }
	root.AddCommand(newRun(), newCheck(), newExplain(), newTranslate(), newDevices(), newProfiles(), newDocs(), newConfig(), newMap(), newMigrate(), newNew(), newProbe(),
		newHealth(socket), newInspect(socket), newTop(socket), newReload(socket), newDiff(socket), newVersion())
	nested := []*cobra.Command{root}
	for i := 0; i < len(nested); i++ {
		nested = append(nested, nested[i].Commands()...)
	}
	for _, cmd := range nested {
		cmd.DisableFlagsInUseLine = true
		cmd.Long = strings.ReplaceAll(cmd.Long, `"gateway `, `"`+root.Name()+" ")
		cmd.Example = strings.ReplaceAll(cmd.Example, " gateway ", " "+root.Name()+" ")
		if cmd.ValidArgsFunction == nil && cmd != root {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	return root
}

// programName returns the name by which this program was started. A program with other devices has a name of its own,
// and so may a link to a program.
func programName() string {
	return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
}

// withCommand accepts the command line of the original, which had no subcommands and took its configuration file from a
// flag or an argument.
func withCommand(args []string) []string {
	if len(args) == 0 {
		return args
	}
	first := args[0]
	flag, _, _ := strings.Cut(first, "=")
	switch {
	case slices.Contains([]string{"--config", "--conf", "--cfg"}, flag), strings.HasPrefix(first, "-c"):
		return slices.Concat([]string{"run"}, args)
	case config.IsOriginal(first), strings.HasSuffix(first, "/"):
		return slices.Concat([]string{"run", "--config"}, args)
	}
	return args
}

// originalFlags maps the original's names of the flag for the configuration file to --config.
func originalFlags(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "conf" || name == "cfg" {
		name = "config"
	}
	return pflag.NormalizedName(name)
}

// noCommand returns an error for arguments that begin with no subcommand.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	if meant := wording.DidYouMean(args[0], names); meant != "" {
		return fmt.Errorf("unknown command %q%s", args[0], meant)
	}
	return fmt.Errorf("unknown command %q; there are %s", args[0], strings.Join(names, ", "))
}

// wantArgs returns a check for the number of arguments. If the extra argument is a configuration file, the error
// recommends --config.
func wantArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		want := cmd.UseLine()
		switch {
		case least <= len(args) && len(args) <= most:
			return nil
		case len(args) == 0:
			return fmt.Errorf("an argument is missing: want %q", want)
		case most == 0 && len(args) == 1 && cmd.Flags().Lookup("config") != nil:
			return fmt.Errorf("unexpected argument %q; did you mean --config %[1]s?", args[0])
		}
		return fmt.Errorf("unexpected arguments %q: want %q", args[most:], want)
	}
}

// flagError adds to an error about an unknown flag the flag that the user probably meant.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if name := unknown.GetSpecifiedName(); name == "map" || name == "m" { // --map and -m were the original's
			return fmt.Errorf("%w; did you mean --mapping.file?", err)
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near, ok := wording.Nearest(unknown.GetSpecifiedName(), known); ok {
			return fmt.Errorf("%w; did you mean --%s?", err, near)
		}
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		// The value is left out: it may be a password.
		err = fmt.Errorf("--%s: %w", wrong.GetFlag().Name, wrong.Unwrap())
	}
	return fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help")
}
