package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// subject is one of the relays that are compared, in one setting, with the driver's link.
type subject struct { // nil: no relay
	relay *child.Process // nil: none
	*link
}

// The subjects, in the order of their samples:
const (
	overPaho = iota
	overDirect
	plain
	none
	subjects
)

var names = [subjects]string{"paho", "direct", "bare", "none"}

// start starts a subject, and returns when commands reach it. Each subject has topics of its own, of the same length,
// so that all subjects can run, and those that are not being measured are at rest.
func (s site) start(ctx context.Context, which int, in setting) (_ *subject, err error) {
	qos, address := in.qos, s.brokers[in.nodelay].Address
	root := fmt.Sprintf("bench%d%d", qos, which)
	u := new(subject)
	defer func() {
		if err != nil && u.relay != nil {
			u.relay.Kill()
		}
	}()
	sender, kind := driver, "C"
	switch which {
	case overPaho, overDirect:
		u.relay, err = s.startGateway(address, root, names[which], qos)
	case plain:
		u.relay, err = s.startBare(address, root, qos)
	case none:
		sender, kind = relay, "S"
	}
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	switch which {
	case overPaho, overDirect:
		// The gateway's log can't tell: at the level at which it does, each dummy shows what it hears.
		err = child.AwaitOnline(ready, address, root+"/$gateway/"+relay+"/state")
	case plain:
		_, _, err = u.relay.Await(ready, "subscribed")
	}
	if err != nil {
		return nil, err
	}
	if u.link, err = connect(address, root, qos, sender, kind); err != nil {
		return nil, err
	}
	return u, nil
}

func (s site) startGateway(address, root, transport string, qos byte) (*child.Process, error) {
	dir, err := os.MkdirTemp(s.dir, root)
	if err != nil {
		return nil, err
	}
	words, err := mapFile(root)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "relay.yaml")
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "map.json"), words, 0o600),
		os.WriteFile(config, []byte(configFile(address, root, transport, qos)), 0o600),
	); err != nil {
		return nil, err
	}
	return child.Start(dir, s.gateway, "run", "--config", config)
}

// startBare starts this program as the bare relay.
func (s site) startBare(address, root string, qos byte) (*child.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return child.Start(s.dir, self, "bare", address, root, strconv.Itoa(int(qos)), strconv.FormatBool(s.ordered))
}

// end stops the subject in good order.
func (u *subject) end() error {
	_ = u.link.Close()
	if u.relay == nil {
		return nil
	}
	_, err := u.relay.Stop()
	return err
}
