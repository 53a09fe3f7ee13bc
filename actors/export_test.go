package actors

import (
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Post sends msg to one of the gateway's own actors: supervisor, connection, mapper or devices.
func (g *Gateway) Post(part string, msg any) {
	switch part {
	case "supervisor":
		g.supervisor.send(msg)
	case "connection":
		g.connection.send(msg)
	case "mapper":
		g.mapper.send(msg)
	case "devices":
		g.devices.send(msg)
	}
}

// GiveMapper puts words in force, unchecked, and only there.
func (g *Gateway) GiveMapper(codec *mapping.Codec) { g.mapper.send(remap{codec}) }

// UpsetDevices makes the parent of the devices panic: it is told of devices that it has not removed.
func (g *Gateway) UpsetDevices() { g.devices.send(messages.Unrouted{}) }
