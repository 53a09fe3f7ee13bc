package main

import (
	"context"
	"os"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// site holds everything that the subjects share.
type site struct {
	dir     string
	gateway string // path of the program
	ordered bool   // the bare relay's OrderMatters
	awake   []*child.Process
	brokers map[bool]*child.Mosquitto // by whether set_tcp_nodelay is on
}

// newSite makes a folder, builds the gateway into it unless program names one, and starts the brokers.
func newSite(ctx context.Context, program string) (s site, err error) {
	s = site{gateway: program, brokers: make(map[bool]*child.Mosquitto)}
	if s.dir, err = os.MkdirTemp("", "relay"); err != nil {
		return s, err
	}
	if program == "" {
		if s.gateway, err = child.BuildGateway(s.dir); err != nil {
			return s, err
		}
	}
	for nodelay, lines := range map[bool][]string{false: nil, true: {"set_tcp_nodelay true"}} {
		if s.brokers[nodelay], err = child.StartMosquitto(ctx, s.dir, lines...); err != nil {
			return s, err
		}
	}
	return s, nil
}

// clear ends the brokers, and removes the folder.
func (s site) clear() {
	for _, broker := range s.brokers {
		if broker != nil {
			broker.Kill()
		}
	}
	for _, p := range s.awake {
		p.Kill()
	}
	_ = os.RemoveAll(s.dir)
}
