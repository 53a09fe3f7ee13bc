package integration

import (
	"flag"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// transports are the gateway's transports, the default first.
var transports = []string{config.TransportPaho, config.TransportDirect}

var transportFlag = flag.String("integration.transport", "", "how the gateway speaks MQTT: paho or direct; as its configuration says, or each in turn, if empty")

// byTransport returns the environment variable that selects a transport.
func byTransport(transport string) string { return config.EnvName("mqtt.transport") + "=" + transport }

// overTransports runs a test with each transport, or with the one that the flag names.
func overTransports(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range transports {
		if *transportFlag != "" && transport != *transportFlag {
			continue
		}
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			test(t, transport)
		})
	}
}
