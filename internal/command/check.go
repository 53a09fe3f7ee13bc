package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/mapping"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration without starting anything",
		Long: `Check finds everything that run would refuse, and what would keep single devices down, without opening a device or a
connection. It prints one line for each fault, on standard error, and ends with status 1 if there is one. Warnings alone
leave the status 0; they tell which words of the devices' entities the map refuses. Of each line that devices share it
tells how much of its time their polls take. What only opening a device tells it can't know, nor what a type makes of
parameters that it reads itself: it says so.

With --profile it checks the file of a profile instead, with the defaults and examples that stand there.`,
		Example: `  gateway check --config dummy2mqtt.yaml
  gateway check --profile profiles/boiler.yaml`,
		Args: wantArgs(0, 0),
	}
	var profile string
	cmd.Flags().StringVar(&profile, "profile", "", "check the `file` of a profile, and no configuration")
	must(cmd.MarkFlagFilename("profile", "yaml"))
	sources := addSources(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if profile != "" {
			return checkProfile(cmd, profile)
		}
		loaded, err := sources.load(cmd)
		p, warnings, err := examine(loaded, err)
		for _, warning := range slices.Concat(warnings, doubtful(loaded, p.devices), overlaps(loaded, p.codec), unmapped(p)) {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+options.Redact(warning))
		}
		if err != nil {
			return err
		}
		what := cmp.Or(loaded.Path, "no configuration file: what run would try out")
		loads, _, _ := checkLines(loaded, p.devices)
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good\n%s%s%s", what, loads, hookAddresses(&loaded.Config, p.devices), unchecked(p.devices))
		return err
	}
	return cmd
}

// examine finds everything that is wrong with a configuration without opening a device or a connection, for the command
// check: what readParts finds, places where run can't write, and options that would keep single devices down.
func examine(l *config.Loaded, loadErr error) (p parts, warnings []string, err error) {
	p, warnings, err = readParts(l, loadErr)
	more, placeErr := checkPlaces(l)
	err = errors.Join(err, placeErr)
	if loadErr == nil {
		err = errors.Join(err, logOptions(&l.Config).Check())
	}
	_, unused, linesErr := checkLines(l, p.devices)
	more = append(more, unused...)
	return p, slices.Concat(warnings, more), errors.Join(err, linesErr, checkParams(l, p.devices), errors.Join(checkHooks(l, p.devices)...), checkEntities(l, p))
}

// checkEntities returns what is wrong with the entities of devices that can be known of without opening them.
func checkEntities(l *config.Loaded, p parts) error {
	var faults []error
	fault := func(d *wanted.Device, err error) {
		faults = append(faults, ofDevice(d.Name, l.Fault(strings.TrimSuffix(d.Key(""), ".params"), err)))
	}
	for _, d := range p.devices {
		if t, err := devices.Lookup(d.Type); err != nil || t.Check != nil && t.Check(d.Params) != nil {
			continue // which is told of as it is
		}
		if _, err := describe(*d.Device); err != nil && !errors.Is(err, devices.ErrOnlyOpening) {
			for _, err := range options.Each(err) {
				fault(&d, err)
			}
		}
	}
	if p.codec != nil {
		all, _ := describeAll(wanted.Complete(p.devices))
		_, found := checkMapped(p.codec, all)
		byName := make(map[string]*wanted.Device, len(p.devices))
		for i := range p.devices {
			byName[p.devices[i].Name] = &p.devices[i]
		}
		for _, f := range found {
			fault(byName[f.device], f.err)
		}
	}
	return errors.Join(faults...)
}

// doubtful returns a warning for each of the devices' own options that is likely a mistake. Only check prints these warnings.
func doubtful(l *config.Loaded, list []wanted.Device) (warnings []string) {
	for _, d := range list {
		warnings = append(warnings, missingFiles(l, &d, "", "", d.Params)...)
		t, err := devices.Lookup(d.Type)
		if err != nil || t.Warnings == nil {
			continue
		}
		for _, warning := range t.Warnings(d.Params) {
			fault := &options.Fault{Place: l.Place(d.Key("")), Err: errors.New(warning)}
			if option, text, ok := strings.Cut(warning, ": "); ok { // which it begins with
				fault = l.Fault(d.Key(option), errors.New(text))
			}
			warnings = append(warnings, ofDevice(d.Name, fault).Error())
		}
	}
	return warnings
}

// missingFiles returns a warning for each file that is not there of those that a parameter of a device names, or what is below the
// parameter. That is no fault: a device waits for its files.
func missingFiles(l *config.Loaded, d *wanted.Device, key, name string, value any) (warnings []string) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			warnings = append(warnings, missingFiles(l, d, strings.TrimPrefix(key+"."+name, "."), name, value[name])...)
		}
	case []any:
		for i, item := range value {
			warnings = append(warnings, missingFiles(l, d, fmt.Sprintf("%s[%d]", key, i), name, item)...)
		}
	case string:
		if value == "" || !strings.HasSuffix(strings.ToLower(name), "_file") {
			break
		}
		if _, err := os.Stat(value); errors.Is(err, fs.ErrNotExist) {
			warnings = append(warnings, ofDevice(d.Name, l.Fault(d.Key(key), fmt.Errorf("there is no file %q yet", value))).Error())
		}
	}
	return warnings
}

// unmapped returns a warning for each word of the devices' entities that the map refuses. Only check prints these warnings: each
// message that is refused is told of when it comes.
func unmapped(p parts) (warnings []string) {
	if p.codec == nil {
		return nil
	}
	all, _ := describeAll(wanted.Complete(p.devices))
	warnings, _ = checkMapped(p.codec, all)
	return warnings
}

// overlaps returns a warning for each pair of filters for which some brokers deliver a message twice. Only check prints
// these warnings: doubled messages are no loss. overlaps returns none for the embedded broker, which delivers a message
// once, and none for a configuration file of the original, which subscribed to the same filters.
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

// unchecked says what check can't find out, one line each.
func unchecked(list []wanted.Device) string {
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
		text += "not checked: what devices find out about their parameters, and tell of their entities, only when they are opened\n"
	}
	if len(itself) > 0 {
		text += "not checked: the parameters of " + joinSome(itself) + ", of types that read them themselves\n"
	}
	return text
}

// joinSome joins words by commas. Of a long list it names the first ten, and counts the others.
func joinSome(words []string) string {
	const most = 10
	if more := len(words) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), more)
	}
	return strings.Join(words, ", ")
}

// ofDevice returns a fault of a device. It names the device unless the fault has a place in a file.
func ofDevice(name string, fault *options.Fault) error {
	if fault.Place != "" {
		return fault
	}
	return fmt.Errorf("device %q: %w", name, fault)
}

// checkParams returns the errors in devices' own options. Each would keep its device down, and no other.
// What is wrong with the definition of a line is no fault of the devices on it.
func checkParams(l *config.Loaded, list []wanted.Device) error {
	var faults []error
	for _, d := range list {
		t, err := devices.Lookup(d.Type)
		if err != nil || t.Check == nil {
			continue
		}
		for _, f := range options.Faults(t.Check(d.Params)) {
			// The sentinel alone, which was joined with the faults.
			if errors.Is(f.Err, devices.ErrConfig) && errors.Unwrap(f.Err) == nil {
				continue
			}
			told := d.Fault(f.Key, f.Err)
			if strings.HasPrefix(told.Key, "lines[") {
				continue // checkLines tells of it
			}
			faults = append(faults, ofDevice(d.Name, l.Fault(told.Key, told.Err)))
		}
	}
	return errors.Join(faults...)
}
