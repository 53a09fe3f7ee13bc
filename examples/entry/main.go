// Command entry is a gateway with an intercom. docs/tutorial.md tells how it is made.
package main

import (
	"github.com/mqttgateway/mqttgateway"

	_ "github.com/mqttgateway/mqttgateway/examples/entry/entry"
)

func main() { mqttgateway.Main() }
