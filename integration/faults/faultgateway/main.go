package main

import "github.com/mqttgateway/mqttgateway"

func main() { mqttgateway.Main() }
