// Package config is what an operator can set: one tree of structs, its defaults, and where its values come from.
//
// The sources, each stronger than the one before it:
//
//	defaults      the tags in config.go
//	a file        YAML, TOML or JSON, or one of the original's (.conf, .cfg, .ini)
//	environment   MQTTGATEWAY_MQTT_CLIENT_ID for mqtt.client_id
//	flags         --mqtt.client_id
//
// Load reads them all, checks everything and tells all that is wrong at once, each fault with its key as the operator
// wrote it: mqtt.qos, MQTTGATEWAY_MQTT_QOS, --mqtt.qos, or section and option of an old file. What is odd but can be
// lived with is returned as a warning. Nothing here logs, and nothing looks at the process: arguments, environment and
// folders are handed in.
package config
