package command

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
)

// hidden stands for what a log doesn't show.
const hidden = config.Secret("hidden")

// withoutSecrets returns the devices as a log may show them: without what their types say is secret, and without
// options that their types don't know, for one of them may be a misspelt password. What a type says nothing about is
// left to config, which judges by names.
func withoutSecrets(list []config.Device) []config.Device {
	list = slices.Clone(list)
	for i, d := range list {
		if t, err := devices.Lookup(d.Type); err == nil && t.Check != nil {
			list[i].Params = knownParams("", d.Params, t.Params)
		}
	}
	return list
}

// knownParams hides everything in a section, whose key is parent, that the options don't list as harmless.
func knownParams(parent string, params map[string]any, list []devices.Param) map[string]any {
	shown := make(map[string]any, len(params))
	for name, value := range params {
		key := strings.ToLower(parent + name)
		at := slices.IndexFunc(list, func(p devices.Param) bool { return strings.ToLower(p.Key) == key })
		below, isSection := value.(map[string]any)
		switch {
		case at >= 0 && !list[at].Secret:
			shown[name] = value
		case at < 0 && isSection:
			shown[name] = knownParams(key+".", below, list)
		default:
			shown[name] = hidden.String()
		}
	}
	return shown
}
