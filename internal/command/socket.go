package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
)

// socketOption returns the path of the health socket from a configuration.
type socketOption func(*config.Loaded) string

// addSocket adds to a command that asks the running gateway the flags that select the gateway. The function that it
// returns finds the path of the gateway's health socket.
func addSocket(cmd *cobra.Command, option socketOption) func() (string, error) {
	sources := new(sources)
	cmd.Flags().SortFlags = false
	cmd.Flags().SetNormalizeFunc(originalFlags)
	cmd.Flags().StringVarP(&sources.path, "config", "c", "", "configuration `file` of the gateway to ask (default: as for run)")
	socket := cmd.Flags().String("health.socket", "", "`path` of the socket")
	return func() (string, error) {
		path := *socket
		if path == "" {
			loaded, err := sources.load(cmd)
			if path = option(loaded); path == "" && err != nil { // else its faults don't matter: the gateway began with another state of the file
				return "", err
			}
		}
		if path == "" {
			return "", errors.New("no socket to ask at: set health.socket in the configuration, or give --health.socket PATH")
		}
		return path, nil
	}
}

// within returns a context of cmd that is done after most, with a cause that says so.
func within(cmd *cobra.Command, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(cmd.Context(), most, fmt.Errorf("time is up after %v", most))
}
