// Package config is the configuration: one tree of structs, its defaults, and the sources of its values.
//
// The sources, each stronger than the one before it:
//
//	defaults      the tags in config.go
//	a file        YAML, TOML or JSON, or one of the original's (.conf, .cfg, .ini)
//	environment   MQTTGATEWAY_MQTT_CLIENT_ID for mqtt.client_id
//	flags         --mqtt.client_id
//
// Load reads all sources, checks all values and returns all faults at once, each with the key as the operator has written it:
// mqtt.qos, MQTTGATEWAY_MQTT_QOS, --mqtt.qos, or section and option of an old file. What is odd but usable is a warning. The
// package neither logs nor looks at the process: the caller hands in arguments, environment and folders.
//
// Each source is a koanf.Provider, and each format of a file a koanf.Parser; loader.load reads them all in one way. parser.go says
// why the parsers are ours.
package config
