// Package tcp is a device at the other end of a TCP connection that its configuration describes.
package tcp

import (
	"context"
	"errors"
	"net"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
)

func init() {
	devices.Register("tcp", Open, devices.Doc(`
		what speaks in frames over TCP, with patterns or jq for what comes and templates for what goes
		With address the gateway connects. With listen it waits for a box that calls: one at a time, and the one that called last, for a
		box that begins anew often leaves its old connection behind. While none is connected the values are unknown.
	`), devices.Example(`
		# A receiver is asked once a minute, and says what it does unasked as well:
		- name: receiver
		  type: tcp
		  params:
		    address: avr.lan:23
		    frame: {end: "\r"}
		    pause: 50ms
		    silent: 3m
		    ask: [{send: "PW?", every: 60s}]
		    points:
		      - {id: power, match: '^PW(ON|STANDBY)$', kind: bool, "on": "ON", "off": STANDBY, send: {true: PWON, false: PWSTANDBY}, answer: {match: '^PW', within: 300ms}}
		      - {id: input, match: '^SI(.+)$', options: [CD, DVD, TV, TUNER], send: 'SI{{.input}}'}

		# A board calls the gateway, and sends a JSON object a line:
		- name: board
		  type: tcp
		  params:
		    listen: ":4001"
		    frame: {end: "\n"}
		    decode: json
		    silent: 2m
		    points:
		      - {id: level, value: .tank.level, unit: "%", decimals: 0}
		      - {id: valve, value: .valve, kind: bool, send: '{"valve": {{.valve}}}'}
	`))
}

// Params are the options under params: in the configuration.
type Params struct {
	Address string       `koanf:"address" doc:"host and port of the equipment" default:"" example:"\"avr.lan:23\""`
	Listen  string       `koanf:"listen" doc:"where equipment calls, instead of address: host and port, or :port for all addresses of this machine" default:""`
	Frame   stream.Frame `koanf:"frame" doc:"how frames are told apart"`
	stream.Params
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	var faults []error
	switch {
	case (p.Listen == "") == (p.Address == ""):
		faults = append(faults, errors.New("want address or listen, one of them"))
	case p.Listen != "":
		faults = append(faults, stream.CheckAddress("listen", p.Listen, true))
	default:
		faults = append(faults, stream.CheckAddress("address", p.Address, false))
	}
	return errors.Join(faults...)
}

// Open connects, or begins to listen.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	conn, err := open(ctx, env, p)
	if err != nil {
		return nil, err
	}
	return stream.Open(ctx, env, p.Params, p.Frame.Framing(), conn)
}

func open(ctx context.Context, env devices.Env, p Params) (stream.Conn, error) {
	if p.Address != "" {
		return new(net.Dialer).DialContext(ctx, "tcp", p.Address)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", p.Listen)
	if err != nil {
		return nil, err
	}
	return answerCalls(listener, env.Log()), nil
}
