package config

import (
	"fmt"
	"reflect"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Changes lists the keys of the options that are not the same in other, in the order of the tree, secrets included.
// Devices are compared one by one, by their place, unless there are more or fewer of them: then it is "devices".
func (c *Config) Changes(other *Config) []string {
	var keys []string
	for _, key := range changed("", c, other) {
		if key != "devices" || len(c.Devices) != len(other.Devices) {
			keys = append(keys, key)
			continue
		}
		for i := range c.Devices {
			keys = append(keys, changed(fmt.Sprintf("devices[%d].", i), c.Devices[i], other.Devices[i])...)
		}
	}
	return keys
}

// changed compares two structs of one type.
func changed(prefix string, one, other any) (keys []string) {
	was := values(one)
	for f, value := range options.All(other) {
		if !reflect.DeepEqual(was[f.Key], value) {
			keys = append(keys, prefix+f.Key)
		}
	}
	return keys
}
