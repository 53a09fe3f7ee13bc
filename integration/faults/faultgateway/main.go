// Command faultgateway is the gateway with devices that keep a record of what they do, for trials by fault.
package main

import "github.com/mqttgateway/mqttgateway"

func main() { mqttgateway.Main() }
