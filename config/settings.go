package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Setting is one option in force.
type Setting struct {
	Key   string // dotted: "mqtt.broker", "devices[0].params.port"
	Value string // one line of YAML
}

// LineFields returns the own options of a protocol of lines, and false if nothing is known of them.
type LineFields func(protocol string) (fields []options.Field, ok bool)

// DeviceFields returns the own options that a device can have, and false if nothing is known of its type.
type DeviceFields func(d Device) (fields []options.Field, ok bool)

// Settings lists every option in force, in the order of the tree, with secrets hidden. What is secret in the options of a
// line its protocol says, in those of a device its type, and otherwise their names.
func (c *Config) Settings(protocols LineFields, types DeviceFields) []Setting {
	var all []Setting
	for f, value := range options.All(c) {
		switch f.Key {
		case "lines":
			for i, line := range c.Lines {
				all = append(all, lineSettings(i, line, protocols)...)
			}
			continue
		case "devices":
			all = append(all, deviceSettings(c.Devices, protocols, types)...)
			continue
		}
		all = append(all, Setting{f.Key, inline(value)})
	}
	return all
}

func lineSettings(i int, line Line, protocols LineFields) []Setting {
	return paramSettings(nil, []string{fmt.Sprintf("lines[%d]", i)}, shownLine(line, protocols))
}

// shownLine returns the options of a line with its secrets hidden.
func shownLine(line Line, protocols LineFields) map[string]any {
	fields, typed := protocols(line.Protocol())
	every := []options.Field{{Key: "name"}, {Key: "protocol"}} // the options that every line has
	return options.HideSecrets(line, slices.Concat(every, fields), typed)
}

func deviceSettings(list []Device, protocols LineFields, types DeviceFields) []Setting {
	var all []Setting
	for i, d := range list {
		at := fmt.Sprintf("devices[%d].", i)
		for f, value := range options.All(d) {
			if f.Key == "params" {
				fields, typed := types(d)
				shown := options.HideSecrets(d.Params, fields, typed)
				for key, value := range d.Params {
					line, inPlace := value.(map[string]any)
					if !inPlace || !strings.EqualFold(key, "line") {
						continue
					}
					if _, known := protocols(Line(line).Protocol()); known { // more than the type does of a line that stands in the device
						shown[key] = shownLine(line, protocols)
					}
				}
				all = paramSettings(all, []string{at + f.Key}, shown)
				continue
			}
			all = append(all, Setting{at + f.Key, inline(value)})
		}
	}
	return all
}

// paramSettings appends the options of a section, whose dotted key the keys in above make, to all. The key is put together
// only for an option: sections may nest deep.
func paramSettings(all []Setting, above []string, params map[string]any) []Setting {
	at := above
	for _, key := range slices.Sorted(maps.Keys(params)) {
		at = append(at[:len(above)], key)
		if section, ok := params[key].(map[string]any); ok {
			all = paramSettings(all, at, section)
			continue
		}
		all = append(all, Setting{strings.Join(at, "."), inline(params[key])})
	}
	return all
}
