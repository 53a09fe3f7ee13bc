package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

func newDevices() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "devices [TYPE | NAME --config FILE]",
		Short: "List the types of device that this program has, with their parameters",
		Long: `Devices lists the types of device that this program has, with their parameters, and the protocols of lines that several
devices share, with their options. Of one type it tells all that there is to know, with an example for the configuration.

With --config it lists the devices that are configured. Of one of them it prints what the device is and which entities
it has, hidden ones included: what the topic ROOT/$gateway/GATEWAY/NAME/info says while the gateway runs. What only
opening a device tells it can't know.`,
		Example: `  gateway devices
  gateway devices dummy
  gateway devices lamp --config gateway.yaml`,
		Args:              wantArgs(0, 1),
		ValidArgsFunction: completeTypes,
	}
	sources := addSources(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch configured := cmd.Flags().Changed("config"); {
		case configured:
			loaded, err := sources.load(cmd)
			if err != nil {
				return err
			}
			list, err := completed(loaded)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return listDevices(cmd.OutOrStdout(), wanted.Complete(list))
			}
			return showDevice(cmd.OutOrStdout(), wanted.Complete(list), args[0])
		case len(args) == 0:
			return errors.Join(listTypes(cmd.OutOrStdout()), listProtocols(cmd.OutOrStdout(), lines.Protocols()...))
		}
		if protocol, err := lines.Lookup(args[0]); err == nil {
			return listProtocols(cmd.OutOrStdout(), protocol)
		}
		typ, err := devices.Lookup(args[0])
		if err != nil {
			return err
		}
		return showType(cmd.OutOrStdout(), typ)
	}
	return cmd
}

// listTypes writes a line for each type of device, and one for each of its parameters.
func listTypes(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, typ := range devices.Types() {
		title, _, _ := strings.Cut(typ.Doc, "\n")
		showTitle(t, typ, title)
		showParams(t, typ)
	}
	return t.Flush()
}

// listProtocols writes a line for each protocol of lines, and one for each of its options.
func listProtocols(w io.Writer, protocols ...*lines.Protocol) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range protocols {
		title := p.Doc
		if title != "" {
			title = ": " + title
		}
		fmt.Fprintf(t, "lines of protocol %s%s\n", p.Name, title)
		showOptions(t, p.Fields)
	}
	return t.Flush()
}

// listDevices writes a row for each configured device.
func listDevices(w io.Writer, list []config.Device) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tTYPE\tENTITIES")
	for _, d := range list {
		of, err := describe(d)
		entities := fmt.Sprint(len(of.Entities))
		switch {
		case errors.Is(err, devices.ErrOnlyOpening):
			entities = err.Error()
		case err != nil:
			entities = "wrong: see check"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", quoted(d.Name), quoted(d.Type), entities)
	}
	return t.Flush()
}

// showDevice writes the description of a configured device, as JSON.
func showDevice(w io.Writer, list []config.Device, name string) error {
	var names []string
	for _, d := range list {
		if d.Name != name {
			names = append(names, strconv.Quote(d.Name))
			continue
		}
		of, err := describe(d)
		if errors.Is(err, devices.ErrOnlyOpening) {
			return fmt.Errorf("device %q: %w", name, err)
		}
		if err != nil {
			return eachUnder(fmt.Sprintf("device %q", name), err)
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(of.Device)
	}
	return fmt.Errorf("no device %q is configured (have %s)", name, cmp.Or(joinSome(names), "none"))
}

// showType writes all that is known of a type.
func showType(w io.Writer, typ devices.Type) error {
	if _, err := typedoc.Example(typ); typ.Example != "" && err != nil {
		return fmt.Errorf("the example of the type %q is wrong: %s", typ.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	title, rest, _ := strings.Cut(typ.Doc, "\n")
	showTitle(t, typ, title)
	if rest = strings.Trim(rest, "\n"); rest != "" {
		fmt.Fprintf(t, "\n%s\n\n", rest)
	}
	showParams(t, typ)
	if typ.Example != "" {
		fmt.Fprint(t, "\n"+typedoc.Text(typ))
	}
	return t.Flush()
}

// showTitle writes a type's name, and what the type is if its author says so.
func showTitle(w io.Writer, typ devices.Type, title string) {
	if title != "" {
		title = ": " + title
	}
	fmt.Fprintln(w, typ.Name+title)
}

// showParams writes a type's parameters.
func showParams(t *tabwriter.Writer, typ devices.Type) {
	showOptions(t, typ.Params)
	switch {
	case typ.Check == nil:
		fmt.Fprintln(t, "  (reads its parameters itself)")
	case len(typ.Params) == 0:
		fmt.Fprintln(t, "  (has no parameters)")
	}
}

func showOptions(t *tabwriter.Writer, fields []options.Field) {
	for _, f := range fields {
		if f.Type == options.Section && f.Doc == "" {
			continue // its options say it all
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", f.Key, kind(f), paramDoc(f))
	}
}

// kind returns the type of an option's value, or its words if the bounds list them.
func kind(f options.Field) string {
	if words := f.Bounds.Words(); len(words) > 0 {
		return strings.Join(words, "|")
	}
	return f.Type
}

func paramDoc(p devices.Param) string {
	var doc []string
	if p.Doc != "" {
		doc = append(doc, p.Doc)
	}
	switch {
	case p.Required:
		doc = append(doc, "required")
	case p.Default != "":
		doc = append(doc, "default "+p.Default)
	}
	if bounds := p.Bounds.String(); bounds != "" {
		doc = append(doc, bounds)
	}
	if p.Example != "" {
		doc = append(doc, "for example "+p.Example)
	}
	return strings.Join(doc, "; ")
}

// completeTypes completes a device type on the command line.
func completeTypes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, t := range devices.Types() {
		names = append(names, t.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
