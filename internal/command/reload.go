package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/internal/service"
)

// reloadTimeout is longer than a gateway with many devices takes to read its configuration.
const reloadTimeout = time.Minute

func newReload(option socketOption) *cobra.Command {
	return askingCommand(service.Reload, option, &cobra.Command{
		Use:   "reload",
		Short: "Have the running gateway read its configuration again",
		Long: `Reload has the gateway that listens on health.socket read its configuration again, as SIGHUP does, from where it was
told to when it was started. Devices that are new are opened, those that are gone are closed when they have handled
what they have, those with other options are replaced, all others go on untouched; the map and the levels of the logs
are put in force. It prints what has changed, and which options have changed that need a restart.

A configuration with a fault changes nothing: all faults are printed on standard error, one line each, and the status is 1,
as it is if no gateway answers within a minute.`,
		Example: `  gateway reload --config dummy2mqtt.yaml
  gateway reload --health.socket /run/gateway/health.sock`,
	})
}

func newDiff(option socketOption) *cobra.Command {
	return askingCommand(service.Diff, option, &cobra.Command{
		Use:   "diff",
		Short: "Show what a reload of the running gateway would change",
		Long: `Diff asks the gateway that listens on health.socket what "gateway reload" would do, and prints it: + for a device that
would be added, - for one that would be removed, ~ for one that would be replaced, with the options that differ, and
for the map; then the options that would be put in force, and those that need a restart. It changes nothing.

All faults of the configuration are printed on standard error, one line each, and the status is then 1, as it is if no
gateway answers within a minute.`,
		Example: `  gateway diff --config dummy2mqtt.yaml`,
	})
}

// askingCommand completes a command that sends a request to the running gateway.
func askingCommand(r service.Request, option socketOption, cmd *cobra.Command) *cobra.Command {
	cmd.Args = wantArgs(0, 0)
	socket := addSocket(cmd, option)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := socket()
		if err != nil {
			return err
		}
		ctx, cancel := within(cmd, reloadTimeout)
		defer cancel()
		d, err := service.Do(ctx, path, r)
		if err != nil {
			return err
		}
		var faults []error
		for _, fault := range d.Faults {
			faults = append(faults, errors.New(fault))
		}
		if err := errors.Join(faults...); err != nil {
			return err
		}
		return printDifference(cmd.OutOrStdout(), d)
	}
	return cmd
}

func printDifference(w io.Writer, d service.Difference) error {
	out := bufio.NewWriter(w)
	for _, name := range d.Added {
		fmt.Fprintln(out, "+ device", name)
	}
	for _, name := range d.Removed {
		fmt.Fprintln(out, "- device", name)
	}
	for _, c := range d.Changed {
		fmt.Fprintf(out, "~ device %s: %s\n", c.Device, strings.Join(c.Options, ", "))
	}
	if len(d.Map) > 0 {
		fmt.Fprintln(out, "~ map:", strings.Join(d.Map, ", "))
	}
	for _, name := range d.Options {
		fmt.Fprintln(out, "~ option", name)
	}
	for _, name := range d.Restart {
		fmt.Fprintln(out, "! option", name, "needs a restart")
	}
	if d.Empty() {
		fmt.Fprintln(out, "nothing has changed")
	}
	return out.Flush()
}
