package main

import (
	"github.com/mqttgateway/mqttgateway"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	_ "github.com/mqttgateway/mqttgateway/devices/http"
)

func main() { mqttgateway.Main() }
