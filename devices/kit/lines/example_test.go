package lines_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	lines.Register("rs485", Bus.medium, newShared, "slaves on a serial line that speak a protocol of their own")
}

// Bus are the options of a line, beside its name and its protocol.
type Bus struct {
	Port string `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
	Baud int    `koanf:"baud" doc:"bits per second" default:"9600" min:"300" max:"4000000"`
}

// medium is what only one line can have.
func (b Bus) medium() string { return b.Port }

// Shared is what the devices on a line share.
type Shared = line.Line[net.Conn]

func newShared(name string, b Bus) (*Shared, error) {
	return line.New(line.Options[net.Conn]{
		Name:  name,
		Open:  func(context.Context) (net.Conn, error) { return equipment(b.Port) },
		Judge: judge,
	}), nil
}

// judge tells a slave that does not answer from a line that is no more.
func judge(err error) line.Verdict {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return line.Failed
	}
	return line.Broken
}

func init() {
	devices.Register("slave", Open, devices.Doc("a slave on a line"), devices.Example(`
		lines:
		  - {name: cellar, protocol: rs485, port: /dev/ttyUSB0}
		devices:
		  - {name: one, type: slave, params: {line: cellar, unit: 1}}
		  - {name: two, type: slave, params: {line: cellar, unit: 2}}
	`))
}

// Params are the options of a device.
type Params struct {
	Line lines.Ref `koanf:"line" doc:"name of a line of rs485, or its options"`
	Unit int       `koanf:"unit" doc:"number of the slave on its line" min:"1" max:"247"`
}

// Validate says what is wrong with the line.
func (p Params) Validate() error { return lines.Usable[*Shared](p.Line) }

// Load tells how much of the line's time one request a second takes, by its 20 bytes of 10 bits.
func (p Params) Load() (share float64, of string) {
	b, err := lines.Options[Bus](p.Line)
	if err != nil {
		return 0, ""
	}
	return 200 / float64(b.Baud), fmt.Sprintf("%d bit/s", b.Baud)
}

// slave is one of those on a line.
type slave struct {
	env    devices.Env
	unit   int
	shared *Shared
	leave  func()
}

func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	shared, leave, err := lines.Join[*Shared](ctx, p.Line)
	if err != nil {
		return nil, err
	}
	s := &slave{env, p.Unit, shared, leave}
	if err := shared.Do(ctx, line.Ask, s.unit, s.ask); err != nil {
		leave()
		return nil, err
	}
	return s, nil
}

// Describe tells what a slave has without asking it.
func (p Params) Describe() (entity.Device, error) {
	return entity.Device{Model: "Slave", Entities: []entity.Entity{{ID: "level", Kind: entity.Number}}}, nil
}

// ask makes the one request that slaves know.
func (s *slave) ask(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(conn, s.unit); err != nil {
		return err
	}
	level, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	s.env.Update(time.Now(), entity.Decimal("level", level[:len(level)-1], nil))
	return nil
}

// Handle refuses: a slave has nothing that could be set.
func (s *slave) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Run polls the slave, until the line is down or the slave has been away for a while.
func (s *slave) Run(ctx context.Context) error {
	return s.shared.Poll(ctx, s.unit, line.Polled[net.Conn]{Every: time.Second, Ask: s.ask})
}

func (s *slave) Close() error {
	s.leave()
	return nil
}
