// Command hub is a gateway with a bridge, and whatever lamps the bridge has.
package main

import (
	"github.com/mqttgateway/mqttgateway"

	_ "github.com/mqttgateway/mqttgateway/examples/hub/hub"
)

func main() { mqttgateway.Main() }
