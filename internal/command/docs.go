package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
)

func newDocs() *cobra.Command {
	return &cobra.Command{
		Use:   "docs DIR",
		Short: "Write a page for each type of device that this program has",
		Long: `Docs writes the reference of the types of device that this program has into a folder, as Markdown: README.md is the
overview, TYPE.md the page of a type, with its examples and all of its options, and line-PROTOCOL.md that of the lines of
a protocol. Pages that are there are written anew.`,
		Example:           `  gateway docs docs/devices`,
		Args:              wantArgs(1, 1),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			for name, text := range typedoc.Pages(devices.Types(), lines.Protocols()) {
				path := filepath.Join(args[0], name)
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return nil
		},
	}
}
