package command

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/mapping"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration without starting anything",
		Long: `Check finds everything that run would refuse, and what would keep single devices down, without opening a device or a
connection. It prints one line for each fault, on standard error, and ends with status 1 if there is one. Warnings alone
leave the status 0. What only opening a device tells it can't know, nor what a type makes of parameters that it reads
itself: it says so.`,
		Example: `  gateway check --config dummy2mqtt.yaml`,
		Args:    wantArgs(0, 0),
	}
	sources := addSources(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := sources.load(cmd)
		p, warnings, err := examine(loaded, err)
		for _, warning := range slices.Concat(warnings, overlaps(loaded, p.codec)) {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+options.Redact(warning))
		}
		if err != nil {
			return err
		}
		what := cmp.Or(loaded.Path, "no configuration file: what run would try out")
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good\n%s", what, unchecked(loaded.Config.Devices))
		return err
	}
	return cmd
}

// examine finds all that is wrong with a configuration without opening anything, as check tells it: what inspect finds,
// where run can't write, and what would keep single devices down.
func examine(l *config.Loaded, loadErr error) (p parts, warnings []string, err error) {
	p, warnings, err = inspect(l, loadErr)
	more, placeErr := checkPlaces(l)
	err = errors.Join(err, placeErr)
	if loadErr == nil {
		err = errors.Join(err, logOptions(&l.Config).Check())
	}
	return p, slices.Concat(warnings, more), errors.Join(err, checkParams(l))
}

// overlaps warns of filters for which some brokers deliver a message twice. Nothing is lost by that, so that only check
// speaks of them. Of two that overlap it says nothing if the broker is the one inside, which delivers once, or if the
// file is one of the original, which asked for the same.
func overlaps(l *config.Loaded, codec *mapping.Codec) (warnings []string) {
	if codec == nil {
		return nil
	}
	for _, o := range codec.Overlaps() {
		switch {
		case o.Filter == o.Other:
			warnings = append(warnings, fmt.Sprintf("topics: %q is there twice", o.Filter))
		case o.Covered:
			warnings = append(warnings, fmt.Sprintf("topics: %q is not subscribed to, for %q covers it", o.Filter, o.Other))
		case !config.IsOriginal(l.Path) && l.Config.MQTT.Broker != config.Embedded:
			warnings = append(warnings, fmt.Sprintf("topics: %q and %q overlap: some brokers deliver twice what both match, and once if one wider filter takes their place", o.Other, o.Filter))
		}
	}
	return warnings
}

// unchecked says what is left to find out, a line each.
func unchecked(list []config.Device) string {
	var itself []string
	typed := false
	for _, d := range list {
		if t, err := devices.Lookup(d.Type); err == nil && t.Check == nil {
			itself = append(itself, strconv.Quote(d.Name))
		} else {
			typed = typed || len(t.Params) > 0
		}
	}
	text := ""
	if typed {
		text += "not checked: what devices find out about their parameters only when they are opened\n"
	}
	if len(itself) > 0 {
		text += "not checked: the parameters of " + summed(itself) + ", of types that read them themselves\n"
	}
	return text
}

// summed is for a list that may be long.
func summed(words []string) string {
	const most = 10
	if more := len(words) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), more)
	}
	return strings.Join(words, ", ")
}

// checkParams finds what would keep single devices down: their own options.
func checkParams(l *config.Loaded) error {
	var faults []error
	for i, d := range l.Config.Devices {
		t, err := devices.Lookup(d.Type)
		if err != nil || t.Check == nil {
			continue
		}
		for _, f := range options.Faults(t.Check(d.Params)) {
			if errors.Is(f.Err, devices.ErrConfig) && errors.Unwrap(f.Err) == nil { // bare, for it was wrapped together with the faults
				continue
			}
			key := fmt.Sprintf("devices[%d].params", i)
			if f.Key != "" {
				key += "." + f.Key
			}
			faults = append(faults, fmt.Errorf("device %q: %w", d.Name, &options.Fault{Key: l.Name(key), Err: f.Err}))
		}
	}
	return errors.Join(faults...)
}
