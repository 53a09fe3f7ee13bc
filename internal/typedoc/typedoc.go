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
)

// Example returns the devices of a type's example. The error says why a configuration with them would be refused.
func Example(typ devices.Type) ([]config.Device, error) {
	if typ.Example == "" {
		return nil, errors.New("there is no example")
	}
	list, err := config.ParseDevices(typ.Example)
	if err != nil {
		return nil, err
	}
	for i, d := range list {
		switch {
		case d.Type != typ.Name:
			err = errors.Join(err, fmt.Errorf("devices[%d].type: %q: want %q", i, d.Type, typ.Name))
		case typ.Check != nil:
			for _, f := range options.Faults(typ.Check(d.Params)) {
				key := strings.TrimSuffix(fmt.Sprintf("devices[%d].params.%s", i, f.Key), ".")
				err = errors.Join(err, &options.Fault{Key: key, Err: f.Err})
			}
		}
	}
	if len(list) == 0 {
		err = errors.New("devices: there are none")
	}
	return list, err
}
