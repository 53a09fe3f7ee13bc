// Command poller is a gateway with a heat pump that is polled.
package main

import (
	"github.com/mqttgateway/mqttgateway"

	_ "github.com/mqttgateway/mqttgateway/examples/poller/poller"
)

func main() { mqttgateway.Main() }
