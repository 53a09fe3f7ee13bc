package stream

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// CheckAddress returns what is wrong with a host and port, as a fault of the option called key. The host of one that is listened
// at may be empty.
func CheckAddress(key, address string, listened bool) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		if n, e := strconv.ParseUint(port, 10, 16); e != nil || n == 0 && !listened {
			err = errors.New("no port, which is a number up to 65535")
		} else if host == "" && !listened {
			err = errors.New("no host")
		}
	}
	if err == nil {
		return nil
	}
	if fault := (*net.AddrError)(nil); errors.As(err, &fault) {
		err = errors.New(fault.Err)
	}
	return &options.Fault{Key: key, Err: fmt.Errorf("%q: %w: want a host and a port such as 10.0.0.20:5005", address, err)}
}
