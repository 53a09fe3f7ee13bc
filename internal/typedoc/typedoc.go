// Package typedoc makes the page of a type of device, and reads the example that the type has for the configuration: the commands docs
// and devices show them, and package devicetest holds the type to its example.
package typedoc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

// Text returns a type's example as a part of a configuration: its devices, and the lines that they are on.
func Text(typ devices.Type) string {
	if isPart(typ.Example) {
		return typ.Example + "\n"
	}
	return "devices:\n  " + strings.ReplaceAll(typ.Example, "\n", "\n  ") + "\n"
}

// isPart reports whether an example is a part of a configuration already, and no list of devices.
func isPart(example string) bool {
	for line := range strings.Lines(example) {
		if !strings.HasPrefix(line, "#") {
			return strings.HasPrefix(line, "lines:") || strings.HasPrefix(line, "devices:")
		}
	}
	return false
}

// Example returns the lines and devices of a type's example. The error says why a configuration with them would be refused.
func Example(typ devices.Type) (config.Config, error) {
	if typ.Example == "" {
		return config.Config{}, errors.New("there is no example")
	}
	c, err := config.ParseLists(Text(typ))
	if err != nil {
		return c, err
	}
	list, err := wanted.Devices(&c, wanted.Library(""))
	for i, d := range list {
		switch {
		case d.Type != typ.Name:
			err = errors.Join(err, fmt.Errorf("devices[%d].type: %q: want %q", i, d.Type, typ.Name))
		case typ.Check != nil:
			for _, f := range options.Faults(typ.Check(d.Params)) {
				err = errors.Join(err, &options.Fault{Key: d.Key(f.Key), Err: f.Err})
			}
		}
	}
	if len(c.Devices) == 0 {
		err = errors.New("devices: there are none")
	}
	return c, err
}
