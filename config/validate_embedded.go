package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/topic"
)

func (l *loader) validateEmbedded() {
	e := &l.Config.Embedded
	host, err := splitAddress(e.Address, "127.0.0.1:1883")
	if err == nil && !isLoopback(host) && e.UsersFile == "" {
		err = fmt.Errorf("%q lets in anybody from outside: want embedded.users_file too, or 127.0.0.1", e.Address)
	}
	l.check("embedded.address", err)
}

// splitAddress returns the host of an address to listen on; "" stands for every address of this machine. example is a good address.
func splitAddress(address, example string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is no address: want host:port, such as %s", address, example)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("%q: port %q: want 1 to 65535, or 0 for a free one", address, port)
	}
	if host == "" {
		return "", nil
	}
	bare := strings.TrimSuffix(address, ":"+port) // with the brackets of IPv6
	if err := topic.CheckHost(bare); err != nil {
		return "", fmt.Errorf("%q: %w", address, err)
	}
	return host, nil
}

// isLoopback reports whether a host is this machine's loopback. It asks no name server: another name may lead anywhere.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
