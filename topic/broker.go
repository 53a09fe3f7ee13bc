package topic

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// maxSocketPath is the longest path of a unix socket on this system.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

const wantBroker = "want tcp, ssl, ws or wss://host:port, or unix:///path"

// ParseBroker parses the address of a broker: tcp://host:port, ssl://host:port, ws://host:port/path,
// wss://host:port/path or unix:///path. The host may be an IPv6 address in brackets, with a zone behind % or %25. A
// user in the address, and a missing port, are no faults here. No error quotes the address, which may contain a
// password or a token.
func ParseBroker(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		return nil, fmt.Errorf("no scheme: %s", wantBroker)
	}
	u, err := url.Parse(escapeZone(address))
	if err != nil {
		return nil, fmt.Errorf("no URL: %s", wantBroker)
	}
	switch u.Scheme {
	case "tcp", "ssl", "ws", "wss":
	case "unix":
		return u, checkSocket(u)
	case "mqtt":
		return nil, errors.New("want tcp instead of mqtt")
	case "mqtts", "tls", "tcps":
		return nil, fmt.Errorf("want ssl instead of %s", u.Scheme)
	default:
		return nil, fmt.Errorf("unknown scheme %q: %s", u.Scheme, wantBroker)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("no host: %s", wantBroker)
	}
	if err := CheckHost(strings.TrimSuffix(u.Host, ":"+u.Port())); err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return nil, fmt.Errorf("port %s is out of range: want 1 to 65535", u.Port())
	}
	switch web := strings.HasPrefix(u.Scheme, "ws"); {
	case u.Fragment != "" || strings.Contains(address, "#"):
		return nil, errors.New("a fragment (#) is of no use")
	case !web && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery):
		return nil, fmt.Errorf("a path or query is of no use with %s: want %[1]s://host:port", u.Scheme)
	}
	return u, nil
}

// escapeZone writes the % before a zone as %25, as RFC 6874 demands in URLs.
func escapeZone(address string) string {
	before, rest, found := strings.Cut(address, "[")
	host, after, closed := strings.Cut(rest, "]")
	at := strings.IndexByte(host, '%')
	if !found || !closed || at < 0 || strings.HasPrefix(host[at:], "%25") {
		return address
	}
	return before + "[" + host[:at] + "%25" + host[at+1:] + "]" + after
}

func checkSocket(u *url.URL) error {
	path := u.Host + u.Path // Host is the first part of a relative path
	switch {
	case path == "":
		return errors.New("no path: want unix:///path")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("a query or fragment is of no use with unix: want unix:///path")
	case strings.IndexByte(path, 0) >= 0:
		return errors.New("a path with a NUL byte")
	case len(path) > maxSocketPath:
		return fmt.Errorf("path of %d bytes: want %d at most", len(path), maxSocketPath)
	}
	return nil
}

// CheckHost returns an error unless host is the valid name of a machine or an IP address, in brackets if it is an IPv6
// address. It does not look the name up.
func CheckHost(host string) error {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if ip, err := netip.ParseAddr(inner); !ok || err != nil || !ip.Is6() || strings.ContainsFunc(ip.Zone(), inNoName) {
			return fmt.Errorf("%q is no IPv6 address", host)
		}
		return nil
	}
	switch wrong := strings.IndexFunc(host, inNoName); {
	case host == "":
		return errors.New("no host")
	case strings.Contains(host, ":"):
		return errors.New("a host with a colon: want an IPv6 address in brackets, [::1], and no port in a host")
	case wrong >= 0:
		return fmt.Errorf("%q is no host", host)
	case len(host) > 253:
		return fmt.Errorf("a host of %d bytes: want 253 at most", len(host))
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("%q is no host: want 1 to 63 bytes between its dots", host)
		}
	}
	return nil
}

func inNoName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:", r)
}
