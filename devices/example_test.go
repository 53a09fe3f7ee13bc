package devices_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("lamp", openLamp) }

// lampParams are the options under params: in the configuration.
type lampParams struct {
	Address string        `koanf:"address" doc:"host and port of the lamp" example:"lamp.local:4000"`
	Fade    time.Duration `koanf:"fade" doc:"time it takes to light up" default:"500ms"`
}

// lamp takes the lines "on <milliseconds>" and "off". It tells its state the same way, to whoever connects, and when somebody has
// used the switch on the wall.
type lamp struct {
	env   devices.Env
	conn  net.Conn
	lines *bufio.Scanner
	fade  time.Duration
}

func openLamp(ctx context.Context, env devices.Env, p lampParams) (devices.Device, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err // it is tried again, later and later
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })() // ends a Read that hangs
	l := &lamp{env, conn, bufio.NewScanner(conn), p.Fade}
	if err := l.hear(); err != nil { // it is open when the lamp answers
		conn.Close()
		return nil, err
	}
	return l, nil
}

// Handle does what a message asks for.
func (l *lamp) Handle(ctx context.Context, msg messages.InternalMsg) error {
	defer context.AfterFunc(ctx, func() { l.conn.Close() })() // ends a Write that hangs
	var err error
	switch msg.Action() {
	case "LIGHT_ON":
		_, err = fmt.Fprintf(l.conn, "on %d\n", l.fade.Milliseconds())
	case "LIGHT_OFF":
		_, err = fmt.Fprintln(l.conn, "off")
	default:
		return fmt.Errorf("%w: the lamp has no %q", devices.ErrAction, msg.Action())
	}
	return err // the connection is broken: the lamp is opened again
}

// hear waits for what the lamp tells, and passes it on.
func (l *lamp) hear() error {
	if !l.lines.Scan() {
		return cmp.Or(l.lines.Err(), io.ErrUnexpectedEOF) // the lamp has hung up
	}
	status := messages.New(messages.Status, messages.Address{Function: "Lighting", Device: l.env.Name()}, "LIGHT_OFF")
	if l.lines.Text() == "on" {
		status = status.WithAction("LIGHT_ON")
	}
	l.env.Emit(status, devices.Retain())
	return nil
}

// Run ends when Close has closed the connection.
func (l *lamp) Run(context.Context) error {
	for {
		if err := l.hear(); err != nil {
			return err
		}
	}
}

// Close gives the connection back.
func (l *lamp) Close() error { return l.conn.Close() }

var _ devices.Runner = (*lamp)(nil)

// A whole device, and how to try it out.
func Example() {
	address, unplug := plugIn()
	defer unplug()

	_, err := devicetest.Open("lamp", map[string]any{"adress": address})
	fmt.Println(err)

	d, err := devicetest.Open("lamp", map[string]any{"address": address})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := d.Next(10 * time.Second)
	fmt.Println(status.Msg, status.Retain, err)
	for _, action := range []string{"LIGHT_ON", "LIGHT_OFF", "MAKE_COFFEE"} {
		if err := d.Handle(messages.New(messages.Command, messages.Address{Device: "lamp"}, action)); err != nil {
			fmt.Println(err)
			continue
		}
		status, err := d.Next(10 * time.Second)
		fmt.Println(status.Msg, status.Retain, err)
	}
	fmt.Println("closed:", d.Close())
	// Output:
	// wrong configuration: adress: unknown option; did you mean address?; address: missing: want a string, such as lamp.local:4000
	// S Lighting///lamp: LIGHT_OFF true <nil>
	// the lamp hears: on 500
	// S Lighting///lamp: LIGHT_ON true <nil>
	// the lamp hears: off
	// S Lighting///lamp: LIGHT_OFF true <nil>
	// action refused: the lamp has no "MAKE_COFFEE"
	// closed: <nil>
}

// plugIn plays a lamp that a device can connect to once.
func plugIn() (address string, unplug func()) {
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := port.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintln(conn, "off")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			fmt.Println("the lamp hears:", lines.Text())
			state, _, _ := strings.Cut(lines.Text(), " ")
			fmt.Fprintln(conn, state)
		}
	}()
	return port.Addr().String(), func() {
		port.Close()
		<-done
	}
}
