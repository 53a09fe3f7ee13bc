package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
)

// socketOption tells where a configuration has the path of the health socket.
type socketOption func(*config.Loaded) string

// addSocket gives a command that speaks to the running gateway the flags that say which, and returns what finds the
// path of its socket.
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
			if err != nil {
				return "", err
			}
			path = option(loaded)
		}
		if path == "" {
			return "", errors.New("no socket to ask at: set health.socket in the configuration, or give --health.socket PATH")
		}
		return path, nil
	}
}

// within returns a context of cmd that ends after a time, and says so.
func within(cmd *cobra.Command, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(cmd.Context(), most, fmt.Errorf("time is up after %v", most))
}
