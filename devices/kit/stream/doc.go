// Package stream is a device that is described by its configuration alone, over whatever carries bytes: a serial port, a TCP
// connection, datagrams. What comes is cut into frames; patterns or jq make values of frames; templates make texts of what is to be set.
//
// A type of device embeds [Params] in its own, says by [Frame] or [Datagrams] how frames are told apart, and hands an open [Conn] to
// [Open]:
//
//	type Params struct {
//		Port string       `koanf:"port" doc:"serial port"`
//		Frame stream.Frame `koanf:"frame"`
//		stream.Params
//	}
//
//	func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
//		port, err := serial.Open(p.Port, serial.Mode{Baud: 9600})
//		if err != nil {
//			return nil, err
//		}
//		return stream.Open(ctx, env, p.Params, p.Frame.Framing(), port)
//	}
//
// # When a device is open, and when it has failed
//
// A device that asks is open when a first frame has come after its first questions. One that only listens is open with its
// connection; if it has a silent time that is over within the time for opening, it also waits for a first frame.
//
// It has failed when the connection breaks, and when nothing has been heard for its silent time. Then all of its values are
// unknown. A device that has been silent is open again with the first frame that it hears, and offline until then.
//
// # Goroutines
//
// Run hears, on one goroutine, and each question is asked on one of its own. They, and Set, take turns at writing. Values are made
// on the goroutine that hears, before an answer is told to a Set that waits for it.
package stream
