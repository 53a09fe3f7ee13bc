package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// The protocols of lines.
const (
	rtu = "modbus-rtu"
	tcp = "modbus-tcp"
)

func init() {
	lines.Register(rtu, RTU.medium, newRTU, "Modbus slaves on a serial line, also behind a box that passes on what it gets over TCP")
	lines.Register(tcp, TCP.medium, newTCP, "Modbus over TCP: one slave, or several behind a gateway")
}

// RTU are the options of a line of modbus-rtu.
type RTU struct {
	Port     string        `koanf:"port" doc:"serial port; best its path in /dev/serial/by-id, which stays the same" default:"" example:"/dev/ttyUSB0"`
	Address  string        `koanf:"address" doc:"host and port of a box that passes on what it gets over TCP, instead of port" default:""`
	Baud     int           `koanf:"baud" doc:"bits per second" default:"9600" min:"50" max:"4000000"`
	Parity   serial.Parity `koanf:"parity" doc:"none, odd, even, mark or space" default:"none" one_of:"none odd even mark space"`
	StopBits int           `koanf:"stop_bits" doc:"bits behind each byte" default:"1" min:"1" max:"2"`
	Timeout  time.Duration `koanf:"timeout" doc:"how long an answer may be coming, beside the time of its bytes" default:"500ms" min:"1ms" max:"1m"`
	Guard    time.Duration `koanf:"guard" doc:"after a request without an answer all that comes for so long is thrown away: as long as answers are ever late" default:"300ms" min:"1ms" max:"1m"`
	Pause    time.Duration `koanf:"pause" doc:"rest between an answer and the next request, for slaves that are deaf after they have spoken" default:"0" min:"0" max:"10s"`
	After    time.Duration `koanf:"after_connect" doc:"rest between opening and the first request" default:"0" min:"0" max:"1m"`
	Latency  time.Duration `koanf:"latency" doc:"how long slaves take to answer, by which requests are planned" default:"50ms" min:"0" max:"10s"`
	Record   string        `koanf:"record" doc:"a file that what comes and goes is written to" default:"" example:"cellar.jsonl"`
}

// TCP are the options of a line of modbus-tcp.
type TCP struct {
	Address string        `koanf:"address" doc:"host of the slave or gateway, or host:port; without a port 502" example:"plc.lan"`
	Timeout time.Duration `koanf:"timeout" doc:"how long an answer may be coming" default:"1s" min:"1ms" max:"1m"`
	After   time.Duration `koanf:"after_connect" doc:"rest between connecting and the first request" default:"0" min:"0" max:"1m"`
	Latency time.Duration `koanf:"latency" doc:"how long slaves take to answer, by which requests are planned" default:"5ms" min:"0" max:"10s"`
	Record  string        `koanf:"record" doc:"a file that what comes and goes is written to" default:"" example:"plc.jsonl"`
}

// dialing is how long a connection may take to be made.
const dialing = 5 * time.Second

// patience is how many requests in a row fail before a connection over a network is taken for dead.
const patience = 3

// Validate finds what is wrong with the medium.
func (o RTU) Validate() error {
	switch {
	case (o.Port == "") == (o.Address == ""):
		return errors.New("want port, or address, one of them")
	case o.Address != "":
		return stream.CheckAddress("address", o.Address, false)
	}
	return nil
}

// medium returns what one line alone can have.
func (o RTU) medium() string {
	if o.Address != "" {
		return "tcp:" + strings.ToLower(o.Address)
	}
	return filepath.Clean(o.Port)
}

// wire returns how long things take on the line.
func (o RTU) wire() modbus.Wire {
	bits := 9 + o.StopBits
	if o.Parity != serial.None {
		bits++
	}
	return modbus.Wire{Baud: o.Baud, Bits: bits, Latency: o.Latency}
}

// Validate finds what is wrong with the address.
func (o TCP) Validate() error { return stream.CheckAddress("address", o.address(), false) }

// address returns host and port.
func (o TCP) address() string {
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return net.JoinHostPort(strings.Trim(o.Address, "[]"), "502")
	}
	return o.Address
}

func (o TCP) medium() string { return "tcp:" + strings.ToLower(o.address()) }

func (o TCP) wire() modbus.Wire { return modbus.Wire{Latency: o.Latency} }

// wireOf returns how long things take on a line, and what to call that.
func wireOf(r lines.Ref) (modbus.Wire, string, error) {
	if r.Protocol() == rtu {
		o, err := lines.Options[RTU](r)
		return o.wire(), fmt.Sprintf("%d bit/s", o.Baud), err
	}
	o, err := lines.Options[TCP](r)
	return o.wire(), fmt.Sprintf("its time, with %s a request", options.Duration(o.Latency)), err
}

// bus is what the devices on a line share.
type bus struct {
	*line.Line[*conn]
	wire    modbus.Wire
	timeout time.Duration

	mu      sync.Mutex // guards refused
	refused map[request]bool
}

// request is what is read of a unit.
type request struct {
	unit uint8
	modbus.Read
}

// conn is an open line.
type conn struct {
	*modbus.Conn
	io.Closer
	record *recorded // nil: nothing is recorded
}

func newRTU(name string, o RTU) (*bus, error) {
	set := modbus.Options{Timeout: o.Timeout, Guard: o.Guard, Pause: o.Pause, Wire: o.wire()}
	open, tolerance := connect(o.Address), patience
	if o.Port != "" {
		open, tolerance = func(context.Context) (medium, error) {
			return serial.Open(o.Port, serial.Mode{Baud: o.Baud, Parity: o.Parity, StopBits: o.StopBits})
		}, 0
	}
	return newBus(name, set, tolerance, opening{open, o.After, o.Record, func(m medium) *modbus.Conn { return modbus.NewRTU(m, set) }}), nil
}

func newTCP(name string, o TCP) (*bus, error) {
	set := modbus.Options{Timeout: o.Timeout, Wire: o.wire()}
	return newBus(name, set, patience, opening{connect(o.address()), o.After, o.Record, func(m medium) *modbus.Conn { return modbus.NewTCP(m, set) }}), nil
}

func newBus(name string, set modbus.Options, tolerance int, o opening) *bus {
	l := line.New(line.Options[*conn]{Name: name, Open: o.open, Judge: judge, Patience: tolerance})
	return &bus{Line: l, wire: set.Wire, timeout: set.Timeout, refused: make(map[request]bool)}
}

// medium is a serial port or a connection.
type medium interface {
	modbus.ReadWriter
	io.Closer
}

// connect returns what dials an address.
func connect(address string) func(context.Context) (medium, error) {
	return func(ctx context.Context) (medium, error) {
		ctx, cancel := context.WithTimeout(ctx, dialing)
		defer cancel()
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
}

// opening opens a line.
type opening struct {
	medium func(context.Context) (medium, error)
	after  time.Duration
	record string // "": nowhere
	speak  func(medium) *modbus.Conn
}

func (o opening) open(ctx context.Context) (*conn, error) {
	m, err := o.medium(ctx)
	if err != nil {
		return nil, err
	}
	var record *recorded
	if o.record != "" {
		into, err := recording.Open(o.record)
		if err != nil {
			return nil, errors.Join(err, m.Close())
		}
		record = &recorded{medium: m, into: into}
		m = record
	}
	rest := time.NewTimer(o.after)
	defer rest.Stop()
	select {
	case <-rest.C:
		return &conn{o.speak(m), m, record}, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), m.Close())
	}
}

// recorded is a medium of which is written down what it carries, as long as there is room for that.
type recorded struct {
	medium
	into  *recording.Recorder
	ended atomic.Pointer[error] // why nothing is recorded any more, until a device has taken that to report it
}

// keep notes that the recording has come to its end, which is no failure of the medium.
func (r *recorded) keep(err error) {
	if err != nil {
		r.ended.Store(&err)
	}
}

func (r *recorded) Read(b []byte) (int, error) {
	n, err := r.medium.Read(b)
	if n > 0 {
		r.keep(r.into.In(b[:n]))
	}
	return n, err
}

func (r *recorded) Write(b []byte) (int, error) {
	n, err := r.medium.Write(b)
	if n > 0 {
		r.keep(r.into.Out(b[:n]))
	}
	return n, err
}

func (r *recorded) Close() error { return errors.Join(r.medium.Close(), r.into.Close()) }

// judge tells what the error of a request says about the unit and the connection.
func judge(err error) line.Verdict {
	var refused modbus.Exception
	switch {
	case errors.Is(err, modbus.ErrBroken):
		return line.Broken
	case errors.As(err, &refused) && !absent(refused), errors.Is(err, devices.ErrAction):
		return line.Answered
	}
	return line.Failed
}

// absent reports whether an exception is that of a gateway whose unit doesn't answer.
func absent(e modbus.Exception) bool {
	return e == modbus.GatewayPathUnavailable || e == modbus.GatewayTargetDeviceFailedToRespond
}

// remember notes that a request was refused, so that nobody makes it again while the line is used.
func (b *bus) remember(r request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused[r] = true
}

// healed returns the blocks without those that were refused before: their parts instead.
func (b *bus) healed(unit uint8, points []modbus.Point, blocks []modbus.Block) (all []modbus.Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(blocks) > 0 {
		first := blocks[0]
		blocks = blocks[1:]
		parts := modbus.Split(points, first)
		if b.refused[request{unit, first.Read}] && len(parts) > 0 {
			blocks = append(parts, blocks...)
			continue
		}
		all = append(all, first)
	}
	return all
}
