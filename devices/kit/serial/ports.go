package serial

// Listed is a serial port that the system has.
type Listed struct {
	Path  string   // such as /dev/ttyUSB0
	Names []string // other names of it, those that stay when the port is plugged in elsewhere or again first
}
