package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of the help, in characters.
const helpWidth = 120

// usage writes the help of cmd. In contrast to cobra's, it lists a command's few own flags apart from the many options
// of the configuration, and lists the options for the command run only.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	own, config := flagsOf(cmd)
	fmt.Fprintf(&b, "\nFlags:\n%s", own.FlagUsagesWrapped(helpWidth))
	switch {
	case !config.HasFlags():
	case cmd.Name() == "run":
		fmt.Fprintf(&b, "\nOptions of the configuration, which win over the environment and the file:\n%s", bySection(config.FlagUsagesWrapped(helpWidth)))
	default:
		fmt.Fprintf(&b, "\nEach option of the configuration is a flag too, such as --mqtt.broker: see \"%s run --help\".\n", cmd.Root().Name())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\"%s COMMAND --help\" tells more about a command.\n", cmd.CommandPath())
	}
	_, err := io.WriteString(cmd.OutOrStderr(), b.String())
	return err
}

// flagsOf splits the flags of cmd into the command's own and the options of the configuration.
func flagsOf(cmd *cobra.Command) (own, config *pflag.FlagSet) {
	own, config = pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags, config.SortFlags = false, false
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, ok := f.Value.(*option); ok {
			config.AddFlag(f)
		} else {
			own.AddFlag(f)
		}
	})
	return own, config
}

// bySection inserts an empty line before each section of the options.
func bySection(usages string) string {
	var b strings.Builder
	last := ""
	for line := range strings.Lines(usages) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--"); ok {
			section, _, _ := strings.Cut(name, ".")
			if section != last {
				b.WriteByte('\n')
			}
			last = section
		}
		b.WriteString(line)
	}
	return b.String()
}
