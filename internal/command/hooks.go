package command

import (
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

// hookPaths returns the paths at which a configured device is called.
func hookPaths(d config.Device) []string {
	t, err := devices.Lookup(d.Type)
	if err != nil || t.Hooks == nil {
		return nil
	}
	return t.Hooks(d.Params)
}

// checkHooks returns an error for each device that has hooks although nothing listens for them. Each would stay down.
func checkHooks(l *config.Loaded, list []wanted.Device) (faults []error) {
	if l.Config.HTTP.Listen != "" {
		return nil
	}
	for _, d := range list {
		if len(hookPaths(*d.Device)) > 0 {
			faults = append(faults, ofDevice(d.Name, l.Fault(d.Key("hooks"), fmt.Errorf("nothing listens for them: want %s too", l.Name("http.listen")))))
		}
	}
	return faults
}

// hookAddresses tells the addresses of all hooks, one a line, with stars for the secrets.
func hookAddresses(c *config.Config, list []wanted.Device) string {
	var text strings.Builder
	for _, d := range list {
		for _, path := range hookPaths(*d.Device) {
			fmt.Fprintf(&text, "hook of %q: %s\n", d.Name, hooks.Address(serverURL(&c.HTTP), d.Name, "******", path))
		}
	}
	return text.String()
}
