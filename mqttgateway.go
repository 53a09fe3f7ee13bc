// Package mqttgateway joins things that do not speak MQTT to a network that does.
//
// Most people want the program in cmd/gateway. This package is for those who add a device: their own program is a main
// that calls [Main], and one blank import for each type of device.
//
//	package main
//
//	import (
//		"github.com/mqttgateway/mqttgateway"
//
//		_ "example.com/lamp"                                    // registers "lamp"
//		_ "github.com/mqttgateway/mqttgateway/devices/dummy" // for trying things out
//	)
//
//	func main() { mqttgateway.Main() }
//
// How a device is written is told in package devices, and shown whole in devices/dummy. What a message is stands in
// package messages, how MQTT's words become the gateway's own in package mapping, and who talks to whom inside in
// package actors.
package mqttgateway

import (
	"context"
	"os"

	"github.com/mqttgateway/mqttgateway/internal/command"
)

// Main runs the command line of the gateway with the types of device that the program has imported, and exits.
func Main() {
	os.Exit(command.Execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
