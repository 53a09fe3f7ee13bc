package main

import (
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	_ "github.com/mqttgateway/mqttgateway/devices/exec"
	_ "github.com/mqttgateway/mqttgateway/devices/feed"
	_ "github.com/mqttgateway/mqttgateway/devices/http"
	_ "github.com/mqttgateway/mqttgateway/devices/modbus"
	_ "github.com/mqttgateway/mqttgateway/devices/serial"
	_ "github.com/mqttgateway/mqttgateway/devices/sim"
	_ "github.com/mqttgateway/mqttgateway/devices/snmp"
	_ "github.com/mqttgateway/mqttgateway/devices/tcp"
	_ "github.com/mqttgateway/mqttgateway/devices/udp"
)
