package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
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

// startingConfig returns a configuration that runs as it is: on the embedded broker, without a map file, and with one
// device, if the examples of some type's parameters are valid.
func startingConfig() config.Config {
	c := config.Default()
	c.MQTT.Broker = config.Embedded
	c.Mapping.Root, c.Mapping.Topics = "home", []string{"home/+/+/+/+/+/C"}
	for _, t := range devices.Types() {
		params, err := exampleParams(t)
		if err != nil || t.Name != "dummy" && len(c.Devices) > 0 { // the dummy is preferred: it controls no equipment
			continue
		}
		d := config.DefaultDevice()
		d.Name, d.Type, d.Params = t.Name, t.Name, params
		c.Devices = []config.Device{d}
	}
	return c
}

// exampleParams returns the examples of all required parameters of a type. The error says why no valid set of examples
// exists.
func exampleParams(t devices.Type) (map[string]any, error) {
	if t.Check == nil {
		return nil, errors.New("it reads them itself")
	}
	params := map[string]any{}
	for _, p := range t.Params {
		if p.Required {
			params[p.Key] = p.Example
		}
	}
	return params, t.Check(params)
}
