package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where lines of help break.
const helpWidth = 120

// usage writes how cmd is called. Unlike cobra's it keeps the many options of a configuration apart from the few flags
// of the command, and lists them at one command only.
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

// flagsOf returns the flags of cmd that are its own, and those that are options of the configuration.
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

// bySection puts an empty line before each section of the options.
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
