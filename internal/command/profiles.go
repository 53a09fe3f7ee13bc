package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/profile"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

func newProfiles() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "profiles [NAME]",
		Short: "List the profiles of products, with which a device is configured in a line",
		Long: `Profiles lists the products that the gateway knows, with the type of device that each is. Of one it prints the
file. Copied to profiles/NAME.yaml beside the configuration, or to /etc/gateway/profiles, it is yours to change, and wins
over the one that the program has. docs/profiles.md tells how to write one.`,
		Example: `  gateway profiles
  gateway profiles eastron-sdm630
  gateway profiles denon-avr > profiles/denon-avr.yaml`,
		Args: wantArgs(0, 1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return libraryOf(path).Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "", "configuration `file`, beside which the folder profiles may be (default: any in the working directory)")
	must(cmd.MarkFlagFilename("config", "yaml", "yml", "toml", "json"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		library := libraryOf(path)
		if len(args) == 0 {
			return listProfiles(cmd.OutOrStdout(), library)
		}
		p, err := library.Find(args[0])
		if err != nil {
			return err
		}
		_, err = io.WriteString(cmd.OutOrStdout(), p.Text)
		return err
	}
	return cmd
}

func libraryOf(path string) profile.Library { return wanted.Library(cmp.Or(path, "gateway.yaml")) }

// listProfiles writes a row for each profile, and returns what is wrong with those that can't be read.
func listProfiles(w io.Writer, library profile.Library) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tTYPE\tPRODUCTS")
	var faults []error
	for _, name := range library.Names() {
		p, err := library.Find(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		products := make([]string, len(p.Products))
		for i, product := range p.Products {
			products[i] = product.Brand + " " + product.Model
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", name, strings.Join(p.Of, ", "), strings.Join(products, "; "))
	}
	return errors.Join(t.Flush(), errors.Join(faults...))
}

// checkProfile tells what is wrong with the profile in a file, for each type of device that it is for, and how many entities a device has
// with it.
func checkProfile(cmd *cobra.Command, path string) error {
	p, err := profile.Read(path)
	if err != nil {
		return err
	}
	var said strings.Builder
	var faults []error
	for _, name := range p.Of {
		typ, err := devices.Lookup(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		has, warnings, err := tryProfile(p, typ)
		for _, warning := range warnings {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: type %s: %s\n", name, options.Redact(warning))
		}
		faults = append(faults, eachUnder("type "+name, err))
		fmt.Fprintf(&said, "type %s: %s\n", name, has)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good\n%s", path, said.String())
	return err
}

// tryProfile has a type check what a profile makes of the defaults and examples that it and the type have.
func tryProfile(p *profile.Profile, typ devices.Type) (has string, warnings []string, err error) {
	var faults []error
	for _, f := range p.Params() {
		if slices.ContainsFunc(typ.Params, func(option devices.Param) bool { return option.Key == f.Key }) {
			faults = append(faults, fmt.Errorf("params.%s: is an option of the type, which nobody could set any more: want another name", f.Key))
		}
	}
	own := sample(p, typ)
	params, err := p.Render(typ.Name, own)
	if err != nil {
		return "", nil, errors.Join(append(faults, err)...)
	}
	if typ.Check == nil {
		return "not checked, for it reads its parameters itself", nil, errors.Join(faults...)
	}
	for _, f := range options.Faults(typ.Check(params)) {
		from := p.Source(typ.Name, own, f.Key)
		faults = append(faults, &options.Fault{Place: from.Place, Key: cmp.Or(from.Key, from.Own), Err: f.Err})
	}
	if len(faults) > 0 {
		return "", nil, errors.Join(faults...)
	}
	if typ.Warnings != nil {
		warnings = typ.Warnings(params)
	}
	if typ.Describe == nil {
		return devices.ErrOnlyOpening.Error(), warnings, nil
	}
	of, err := typ.Describe(params)
	if errors.Is(err, devices.ErrOnlyOpening) {
		return err.Error(), warnings, nil
	}
	shown := slices.DeleteFunc(of.Entities, func(e entity.Entity) bool { return e.Hidden })
	return fmt.Sprintf("%d entities", len(shown)), warnings, err
}

// sample returns what a user may give: the examples of the profile and, of the options that it leaves open, those of the type.
func sample(p *profile.Profile, typ devices.Type) map[string]any {
	own := make(map[string]any)
	for _, f := range p.Params() {
		if f.Required && f.Example != "" {
			own[f.Key] = f.Example
		}
	}
	if typ.Name == p.Of[0] {
		maps.Copy(own, p.Example)
		return own
	}
	given, _ := p.Render(typ.Name, own)
	example, err := typedoc.Example(typ)
	if err != nil {
		return own
	}
	for key, value := range example.Devices[0].Params {
		if _, known := given[key]; !known && key != "points" {
			own[key] = value
		}
	}
	return own
}
