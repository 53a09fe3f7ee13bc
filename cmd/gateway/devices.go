package main

import (
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
)
