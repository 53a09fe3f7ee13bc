// Package hub is a bridge that has lamps behind it, which come and go. It speaks in lines. To whoever connects it says how each lamp is
// ("hall on", "hall off" or "hall unreachable"), then "ready", and from then on what changes: a name that is new is a lamp that has
// been paired, and "hall gone" one that has been taken away. Asked "hall ?" it says again how the lamp is; told "hall on", it switches it.
package hub

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("hub", Open) }

// Params are the options under params: in the configuration.
type Params struct {
	Address string `koanf:"address" doc:"host and port of the bridge" example:"bridge.lan:4000"`
}

// bridge has the connection that its lamps share. The lamps are the business of Open, and then of Run.
type bridge struct {
	net.Conn
	env   devices.Env
	lines *bufio.Scanner
	lamps map[string]*lamp
}

// Open hears which lamps there are. Those that it has added by its end go on, should the bridge have failed before; others are gone.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	b := &bridge{conn, env, bufio.NewScanner(conn), make(map[string]*lamp)}
	if err := b.Run(ctx); !stop() || err != nil || b.lines.Text() != "ready" {
		conn.Close()
		return nil, cmp.Or(err, ctx.Err(), io.ErrUnexpectedEOF)
	}
	return b, nil
}

// Run hears the bridge until it is ready, which it is once, or hangs up: Open hears the one, and Run after it the other.
func (b *bridge) Run(context.Context) (err error) {
	for b.lines.Scan() && b.lines.Text() != "ready" {
		name, state, _ := strings.Cut(b.lines.Text(), " ")
		l := b.lamps[name]
		if l == nil {
			l = &lamp{bridge: b, said: make(chan string, 1)}
			if l.added, err = b.env.Add(name, messages.Address{Function: "Lighting", Location: name}, l.open); err != nil {
				return err
			}
			b.lamps[name] = l
		}
		select { // Nobody else sends: there is room when what was there is taken away.
		case <-l.said:
		default:
		}
		l.said <- state
		if state == "gone" {
			l.added.Remove()
			delete(b.lamps, name)
		}
	}
	return b.lines.Err()
}

// tell says a line to the bridge. Every lamp may do that at any time. A bridge that takes nothing until the time is over has failed.
func (b *bridge) tell(ctx context.Context, line string) error {
	defer context.AfterFunc(ctx, func() { b.Close() })()
	_, err := fmt.Fprintln(b, line)
	return err
}

func (b *bridge) Handle(context.Context, messages.InternalMsg) error { return devices.ErrNotMine }
