package actors

import "github.com/mqttgateway/mqttgateway/mapping"

// Post sends msg to one of the gateway's own actors: connection, mapper or devices.
func (g *Gateway) Post(part string, msg any) {
	s := g.system
	switch part {
	case "connection":
		s.send(s.connection, msg)
	case "mapper":
		s.send(s.mapper, msg)
	case "devices":
		s.send(s.devices, msg)
	}
}

// GiveMapper puts words in force, unchecked, and only there.
func (g *Gateway) GiveMapper(codec *mapping.Codec) { g.system.send(g.system.mapper, remap{codec}) }
