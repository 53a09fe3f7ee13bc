// Package serial is a device on a serial port that its configuration describes.
package serial

import (
	"context"

	"github.com/mqttgateway/mqttgateway/devices"
	port "github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
)

func init() {
	devices.Register("serial", Open, devices.Doc(`
		what speaks in frames on a serial port, with patterns for what comes and templates for what goes
		A port that is unplugged is opened again when it is there again; of a name below /dev/serial/by-id it does not matter
		which number the system gives it then. While it is open nobody else gets a byte of it.
	`), devices.Example(`
		# An intercom says and hears pairs of digits, with nothing between them:
		- name: entry
		  type: serial
		  params:
		    port: /dev/serial/by-id/usb-Arduino_Uno-if00
		    baud: 9600
		    frame: {size: 2, gap: 20ms}
		    points:
		      - {id: bell, match: '^1([01])$', kind: bool, words: {true: BELL_ON, false: BELL_OFF}, function: Security, device: Bell}
		      - {id: gate, match: '^2([01])$', kind: bool, words: {true: GATE_OPEN, false: GATE_CLOSE}, function: Security, device: Gate, send: {true: "21"}}
		    then:
		      - {match: '^21$', emit: {type: C, function: Lighting, action: LIGHT_ON}}

		# A scale is asked for its weight, and answers in a line with a unit that is its own:
		- name: scale
		  type: serial
		  params:
		    port: /dev/ttyUSB0
		    frame: {end: "\r\n"}
		    silent: 30s
		    ask: [{send: S, every: 5s}]
		    points:
		      - {id: weight, match: '^S +(-?[\d.]+) g$', unit: g, class: weight}
		      - {id: tare, send: T, category: config}
	`))
}

// Params are the options under params: in the configuration.
type Params struct {
	Port     string       `koanf:"port" doc:"serial port" example:"/dev/serial/by-id/usb-FTDI_A50285BI-if00-port0"`
	Baud     int          `koanf:"baud" doc:"bits per second" default:"9600" min:"50" max:"4000000"`
	DataBits int          `koanf:"data_bits" doc:"bits of a character" default:"8" min:"5" max:"8"`
	Parity   string       `koanf:"parity" doc:"bit that tells of errors: none, odd, even, mark or space" default:"none" one_of:"none odd even mark space"`
	StopBits int          `koanf:"stop_bits" doc:"behind a character" default:"1" min:"1" max:"2"`
	Frame    stream.Frame `koanf:"frame" doc:"how frames are told apart"`
	stream.Params
}

// Open opens the port.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	line, err := port.Open(p.Port, port.Mode{Baud: p.Baud, DataBits: p.DataBits, Parity: port.Parity(p.Parity), StopBits: p.StopBits})
	if err != nil {
		return nil, err
	}
	return stream.Open(ctx, env, p.Params, p.Frame.Framing(), line)
}
