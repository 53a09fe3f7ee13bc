// Package lines is the registry of the media that devices share: a serial line with several Modbus slaves, the connection to a
// controller that accepts only one, a program whose output is about many sensors. A configuration lists them:
//
//	lines:
//	  - {name: cellar, protocol: modbus-rtu, port: /dev/ttyUSB0, baud: 9600}
//	devices:
//	  - {name: meter, type: modbus, params: {line: cellar, unit: 1}}
//	  - {name: pump, type: modbus, params: {line: cellar, unit: 2}}
//
// # A protocol
//
// A protocol says which options its lines have, which medium a line is, and what all devices on a line share:
//
//	func init() { lines.Register("modbus-rtu", Serial.medium, newBus, "Modbus slaves on a serial line") }
//
//	// Serial are the options of a line, beside its name and its protocol.
//	type Serial struct {
//		Port string `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
//		Baud int    `koanf:"baud" doc:"bits per second" default:"9600" min:"300" max:"4000000"`
//	}
//
//	func (s Serial) medium() string { return s.Port }
//
//	func newBus(name string, s Serial) (*Bus, error) {
//		return &Bus{line.New(line.Options[*modbus.Conn]{Name: name, Open: …, Judge: …})}, nil
//	}
//
// newBus opens nothing: a Line of package devices/kit/line opens the port when the first request is made, and again when it has
// broken. Closing what newBus returned ends the use of the medium: when Close has returned, another program could open the port.
//
// # A device on a line
//
// The parameters of a type hold a [Ref]. Whatever the configuration says of the line stands in it: a device changes if, and only if, its
// line does or its own options do. Validate checks the line like any other option:
//
//	type Params struct {
//		Line lines.Ref `koanf:"line" doc:"name of one of the lines, or its options"`
//		Unit int       `koanf:"unit" doc:"address of the slave" min:"1" max:"247"`
//	}
//
//	func (p Params) Validate() error { return lines.Usable[*Bus](p.Line) }
//
//	func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
//		bus, leave, err := lines.Join[*Bus](ctx, p.Line)
//		if err != nil {
//			return nil, err
//		}
//		…
//	}
//
// Close of the device calls leave, and so does Open if it fails after Join.
//
// # One owner a medium
//
// The first device that joins has the line made, those who join with the same definition share it, and the last who leaves closes it. A
// line with another definition and the same medium waits in Join until the former one is closed: devices whose line is changed by a
// reload take over from their predecessors in order, and no opener fails.
package lines
