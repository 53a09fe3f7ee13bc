package command

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func newMigrate() *cobra.Command {
	var device string
	cmd := &cobra.Command{
		Use:   "migrate FILE.conf",
		Short: "Print a configuration of the Python original as YAML",
		Long: `Migrate reads a configuration file of the Python original and prints the YAML that says the same, to be put beside it.
There is no need to: the file works as it is. Warnings go to standard error, also of files that it names and that aren't
there: what they would have said is missing.`,
		Example:           `  gateway migrate dummy2mqtt.conf > dummy2mqtt.yaml`,
		Args:              wantArgs(1, 1),
		ValidArgsFunction: cobra.FixedCompletions([]string{"conf", "cfg", "ini"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			src := config.Sources{Path: args[0], DeviceType: device, Incomplete: true}
			if err := addPlace(&src); err != nil {
				return err
			}
			loaded, err := config.Load(src)
			for _, warning := range loaded.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+options.Redact(warning))
			}
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(loaded.Config.YAML(filepath.Dir(loaded.Path)))
			return err
		},
	}
	addDeviceType(cmd, &device)
	return cmd
}
