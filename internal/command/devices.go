package command

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func newDevices() *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List the types of device that this program has, with their parameters",
		Args:  wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, typ := range devices.Types() {
				fmt.Fprintln(t, typ.Name)
				for _, p := range typ.Params {
					fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Key, kind(p), paramDoc(p))
				}
				switch {
				case typ.Check == nil:
					fmt.Fprintln(t, "  (reads its parameters itself)")
				case len(typ.Params) == 0:
					fmt.Fprintln(t, "  (has no parameters)")
				}
			}
			return t.Flush()
		},
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
	doc := []string{p.Doc}
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
