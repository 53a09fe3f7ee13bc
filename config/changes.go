package config

import (
	"maps"
	"reflect"
	"slices"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Changes returns the keys of the options that differ in other, secrets included, in the order of the tree. It leaves
// out devices, which are compared by name, and lines, which are part of the devices on them.
func (c *Config) Changes(other *Config) []string {
	return slices.DeleteFunc(changed(c, other), isList)
}

// Changes returns the keys of the options that differ in other, in the order of the struct. Each parameter that differs
// is listed by its path.
func (d *Device) Changes(other *Device) (keys []string) {
	for _, key := range changed(d, other) {
		if key != "params" {
			keys = append(keys, key)
		} else {
			keys = append(keys, changedParams("params", d.Params, other.Params)...)
		}
	}
	return keys
}

// changedParams compares two maps of parameters, and the maps within them.
func changedParams(path string, one, other map[string]any) (keys []string) {
	names := slices.Collect(maps.Keys(one))
	for name := range other {
		if _, both := one[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		was, had := one[name]
		is, has := other[name]
		within, ok := was.(map[string]any)
		now, both := is.(map[string]any)
		switch key := path + "." + name; {
		case ok && both:
			keys = append(keys, changedParams(key, within, now)...)
		case had != has || !reflect.DeepEqual(was, is):
			keys = append(keys, key)
		}
	}
	return keys
}

// changed returns the keys of the options that differ in two structs of the same type.
func changed(one, other any) (keys []string) {
	was := values(one)
	for f, value := range options.All(other) {
		if !reflect.DeepEqual(was[f.Key], value) {
			keys = append(keys, f.Key)
		}
	}
	return keys
}
