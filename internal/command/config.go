package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
)

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print a configuration with every key, its meaning and its default",
		Long: `Config prints a configuration to begin with: YAML with every key, its meaning and its default. It runs as it is, with one
device, on the embedded broker. Options can also be set by the environment (mqtt.client_id by MQTTGATEWAY_MQTT_CLIENT_ID)
and by flags (--mqtt.client_id), which win over it.`,
		Example: `  gateway config > gateway.yaml
  gateway run --config gateway.yaml`,
		Args: wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := startingConfig()
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Example(&c))
			return err
		},
	}
}

// startingConfig returns a configuration that runs as it is: on the embedded broker, without a map file, and with
// the devices of a type's example, if the example of some type is valid.
func startingConfig() config.Config {
	c := config.Default()
	c.MQTT.Broker = config.Embedded
	c.Mapping.Root, c.Mapping.Topics = "home", []string{"home/+/+/+/+/+/C"}
	for _, t := range devices.Types() {
		example, err := typedoc.Example(t)
		if err != nil || t.Name != "dummy" && len(c.Devices) > 0 { // the dummy is preferred: it controls no equipment
			continue
		}
		c.Lines, c.Devices = example.Lines, example.Devices
	}
	return c
}
