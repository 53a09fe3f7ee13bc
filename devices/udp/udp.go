// Package udp is a device that speaks in datagrams, and that its configuration describes.
package udp

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func init() {
	devices.Register("udp", Open, devices.Doc(`
		what speaks in datagrams, one a frame, with patterns or jq for what comes and templates for what goes
		With listen it hears whoever sends there, with address as well only that host. With address alone it hears what comes back.
	`), devices.Example(`
		# A weather station sends JSON to everybody who listens:
		- name: weather
		  type: udp
		  params:
		    listen: ":5005"
		    decode: json
		    silent: 10m
		    points:
		      - {id: temperature, value: .outdoor.temp, unit: °C, class: temperature, deadband: 0.1}
		      - {id: rain, value: '.rain // 0', unit: mm, class: precipitation}

		# A light controller is told, and answers to where the question came from:
		- name: stage
		  type: udp
		  params:
		    address: 10.0.0.30:7000
		    ask: [{send: "level?", every: 30s}]
		    points:
		      - {id: level, match: '^level (\d+)$', min: 0, max: 255, step: 1, send: 'level {{.level}}'}
	`))
}

// Params are the options under params: in the configuration.
type Params struct {
	Listen  string `koanf:"listen" doc:"where datagrams come in: host and port, or :port for all addresses of this machine" default:"" example:"\":5005\""`
	Address string `koanf:"address" doc:"host and port that is sent to" default:"" example:"\"10.0.0.20:5005\""`
	stream.Params
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	var faults []error
	if p.Listen == "" && p.Address == "" {
		faults = append(faults, errors.New("want listen, address or both"))
	}
	if p.Listen != "" {
		faults = append(faults, stream.CheckAddress("listen", p.Listen, true))
	}
	if p.Address != "" {
		faults = append(faults, stream.CheckAddress("address", p.Address, false))
	}
	if p.Address == "" && p.Sends() {
		faults = append(faults, &options.Fault{Key: "address", Err: errors.New("missing: want where to send to, for something is sent")})
	}
	return errors.Join(faults...)
}

// Open opens a socket.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	conn, err := dial(ctx, p)
	if err != nil {
		return nil, err
	}
	return stream.Open(ctx, env, p.Params, stream.Datagrams(), conn)
}

func dial(ctx context.Context, p Params) (stream.Conn, error) {
	if p.Listen == "" {
		return new(net.Dialer).DialContext(ctx, "udp", p.Address)
	}
	var to netip.AddrPort
	if p.Address != "" {
		address, err := net.ResolveUDPAddr("udp", p.Address)
		if err != nil {
			return nil, err
		}
		to = unmapped(address.AddrPort())
	}
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", p.Listen)
	if err != nil {
		return nil, err
	}
	return &socket{conn.(*net.UDPConn), to}, nil
}

// socket hears all that comes to it or, with an address to send to, what comes from that host.
type socket struct {
	*net.UDPConn
	to netip.AddrPort // zero: nobody
}

func (s *socket) Read(b []byte) (int, error) {
	for {
		n, from, err := s.ReadFromUDPAddrPort(b)
		if err != nil || !s.to.IsValid() || unmapped(from).Addr() == s.to.Addr() {
			return n, err
		}
	}
}

func (s *socket) Write(b []byte) (int, error) {
	if !s.to.IsValid() {
		return 0, stream.ErrAway
	}
	return s.WriteToUDPAddrPort(b, s.to)
}

// unmapped returns an IPv4 address as one, and not within IPv6.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
