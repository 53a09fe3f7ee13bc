package config

import (
	"fmt"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// envPrefix is how the name of every environment variable of the gateway begins.
const envPrefix = "MQTTGATEWAY_"

// EnvName returns the environment variable of an option: MQTTGATEWAY_MQTT_CLIENT_ID for mqtt.client_id.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// readEnvironment reads the environment. It warns of a variable with envPrefix that is no option: it may be misspelt.
func (l *loader) readEnvironment() {
	keys := map[string]string{}
	var known []string
	for _, f := range Flags() {
		keys[EnvName(f.Key)] = f.Key
		known = append(known, strings.TrimPrefix(EnvName(f.Key), envPrefix))
	}
	names := origins{}
	provider := env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return l.src.Environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := keys[name]
			for _, list := range lists {
				if name == EnvName(list) {
					l.faultf("environment", "%s: %s are listed in a file", name, list)
					return "", nil
				}
			}
			if !ok {
				l.Warnings = append(l.Warnings, unknownVariable(name, known))
				return "", nil
			}
			names[key] = name
			return key, value
		},
	})
	l.load(provider, nil, named(names))
}

// unknownVariable returns the warning. known are the names of all variables, without prefix.
func unknownVariable(name string, known []string) string {
	said := fmt.Sprintf("environment: unknown variable %q is ignored", name)
	if near, ok := wording.Nearest(strings.TrimPrefix(name, envPrefix), known); ok {
		said += "; did you mean " + envPrefix + near + "?"
	}
	return said
}
