package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Setting is one option in force.
type Setting struct {
	Key   string // dotted: "mqtt.broker", "devices[0].params.port"
	Value string // one line, as it would be written in YAML
}

// Settings lists every option in force, in the order of the tree, with secrets hidden.
func (c *Config) Settings() []Setting {
	var all []Setting
	for f, value := range options.All(c) {
		if f.Key == "devices" {
			all = append(all, deviceSettings(c.Devices)...)
			continue
		}
		all = append(all, Setting{f.Key, inline(value)})
	}
	return all
}

func deviceSettings(list []Device) []Setting {
	var all []Setting
	for i, d := range list {
		at := fmt.Sprintf("devices[%d].", i)
		for f, value := range options.All(d) {
			if f.Key == "params" {
				all = paramSettings(all, []string{at + f.Key}, d.Params)
				continue
			}
			all = append(all, Setting{at + f.Key, inline(value)})
		}
	}
	return all
}

// paramSettings appends to all the options below a section. It goes down into sections, so that a secret below one is seen by its name. The names of those above are put
// together only for an option: sections may nest deep.
func paramSettings(all []Setting, above []string, params map[string]any) []Setting {
	at := above
	for _, key := range slices.Sorted(maps.Keys(params)) {
		at = append(at[:len(above)], key)
		if section, ok := params[key].(map[string]any); ok && !secretName.MatchString(key) {
			all = paramSettings(all, at, section)
			continue
		}
		all = append(all, Setting{strings.Join(at, "."), inline(hide(key, params[key]))})
	}
	return all
}

// secretName is for the options of devices: what type they will be read as is not known here.
var secretName = regexp.MustCompile(`(?i)pass|pwd|secret|token|credential|api[-_ ]?key|private`)

// hide replaces what sounds like a secret, however deep in lists and sections.
func hide(key string, value any) any {
	if secretName.MatchString(key) {
		return Secret(fmt.Sprint(value)).String()
	}
	switch value := value.(type) {
	case string:
		return options.Redact(value)
	case map[string]any:
		m := map[string]any{}
		for k, v := range value {
			m[k] = hide(k, v)
		}
		return m
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = hide(key, v)
		}
		return list
	}
	return value
}
