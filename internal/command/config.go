package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
)

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print a configuration with every key, its meaning and its default",
		Long: `Config prints a configuration to begin with: YAML with every key, its meaning and its default. Options can also be set
by the environment (mqtt.client_id by MQTTGATEWAY_MQTT_CLIENT_ID) and by flags (--mqtt.client_id), which win over it.`,
		Example: `  gateway config > gateway.yaml`,
		Args:    wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Example())
			return err
		},
	}
}
