package dummy

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
)

// lamp is a dummy with equipment: the part to copy. The equipment speaks in lines, "on true" and "level 40", when somebody connects and
// whenever that changes. Told such a line, it does so, and says that it has.
type lamp struct {
	dummy
	conn  net.Conn
	lines *bufio.Scanner // of Open, and then of Run
}

// description is what everybody else sees of a lamp. The gateway makes its messages.
var description = entity.Device{Model: "Dummy lamp", Entities: []entity.Entity{
	{ID: "on", Kind: entity.Bool, Write: true, Words: map[string]string{"true": "LIGHT_ON", "false": "LIGHT_OFF"}},
	{ID: "level", Kind: entity.Number, Write: true, Unit: "%", Min: entity.F(0), Max: entity.F(100), Step: entity.F(1)},
}}

// openLamp has succeeded when the equipment has said how it is: a connection with nobody behind it is no lamp.
func openLamp(ctx context.Context, d dummy, conn net.Conn) (devices.Device, error) {
	d.env.Describe(description)
	l := &lamp{d, conn, bufio.NewScanner(conn)}
	stop := context.AfterFunc(ctx, func() { conn.Close() }) // ends the wait for equipment that never says anything
	err := l.hear()
	if !stop() && err == nil {
		err = ctx.Err() // and the connection may be closed
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

// Run hears the equipment until Close ends the connection, or the equipment does. Either way it returns an error; the gateway knows
// whether that was meant to be, and opens the device again if it was not.
func (l *lamp) Run(context.Context) error {
	for {
		if err := l.hear(); err != nil {
			return err
		}
	}
}

// hear takes a line. A state that can't be read is unknown, for the reason that the error gives; a line that can't be is reported. Neither is
// a reason to begin anew.
func (l *lamp) hear() error {
	if !l.lines.Scan() {
		return cmp.Or(l.lines.Err(), io.ErrUnexpectedEOF)
	}
	switch id, state, _ := strings.Cut(l.lines.Text(), " "); id {
	case "on":
		on, err := strconv.ParseBool(state)
		l.env.Update(time.Now(), entity.Boolean("on", on, err))
	case "level":
		l.env.Update(time.Now(), entity.Decimal("level", state, nil))
	default:
		l.env.Report(fmt.Errorf("the equipment says %q, want on or level", l.lines.Text()))
	}
	return nil
}

// Set tells the equipment. Equipment that takes nothing would hold the device up: when the time of ctx is over, the write ends with an
// error, and the device begins anew.
func (l *lamp) Set(ctx context.Context, changes []entity.Change) error {
	deadline, _ := ctx.Deadline() // without one, the zero time, which is none for a connection too
	if err := l.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	for _, c := range changes {
		if _, err := fmt.Fprintln(l.conn, c.ID, c.Text()); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connection, and with it Run.
func (l *lamp) Close() error { return l.conn.Close() }

var (
	_ devices.Runner = (*lamp)(nil)
	_ devices.Setter = (*lamp)(nil)
)
