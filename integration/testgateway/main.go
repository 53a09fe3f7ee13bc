package main

import (
	"github.com/mqttgateway/mqttgateway"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
)

func main() { mqttgateway.Main() }
