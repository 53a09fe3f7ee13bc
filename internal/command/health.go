package command

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/internal/service"
)

// healthTimeout is longer than a slow gateway takes to report that it is slow, and shorter than the 2 s in which the
// command promises an answer.
const healthTimeout = 1500 * time.Millisecond

func newHealth(option socketOption) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the running gateway how it is",
		Long: `Health asks the gateway that listens on health.socket how it is, prints its answer, one line of JSON, and ends with
status 0 if it is well, and with 1 if it isn't or if nobody answers, within 2 s. A gateway is well if its parts answer;
the answer tells what its link and its devices do, but they don't change the status.

With --health.socket no configuration is read.`,
		Example: `  gateway health --config dummy2mqtt.yaml
  gateway health --health.socket /run/gateway/health.sock`,
		Args: wantArgs(0, 0),
	}
	socket := addSocket(cmd, option)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := socket()
		if err != nil {
			return err
		}
		ctx, cancel := within(cmd, healthTimeout)
		defer cancel()
		health, err := service.Ask(ctx, path)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(health); err != nil {
			return err
		}
		if !health.OK {
			return fmt.Errorf("not well: %s", health.Status)
		}
		return nil
	}
	return cmd
}
