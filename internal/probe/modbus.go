package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Medium is what Modbus slaves are reached over.
type Medium struct {
	Port    string // serial port; "": none
	Address string // host and port; "": none
	TCP     bool   // Modbus over TCP; else RTU
	Mode    serial.Mode
}

// ParseMedium reads tcp://plc:502, rtu:///dev/ttyUSB0 or rtu+tcp://box:4001. A path alone is a serial port, and a host alone speaks Modbus over TCP.
func ParseMedium(text string) (Medium, error) {
	switch {
	case strings.HasPrefix(text, "/"), strings.HasPrefix(strings.ToUpper(text), "COM"):
		return Medium{Port: text}, nil
	case !strings.Contains(text, "://"):
		text = "tcp://" + text
	}
	want := fmt.Errorf("%q, want an address such as tcp://plc:502, rtu:///dev/ttyUSB0 or rtu+tcp://box:4001", options.RedactAddress(text))
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Medium{}, want
	}
	switch {
	case u.Scheme == "rtu" && u.Host == "" && u.Path != "":
		return Medium{Port: u.Path}, nil
	case u.Scheme == "rtu" && u.Host != "" && u.Path == "": // rtu://COM3
		return Medium{Port: u.Host}, nil
	case u.Hostname() == "" || u.Path != "" && u.Path != "/":
		return Medium{}, want
	case u.Scheme == "tcp":
		return Medium{Address: withPort(u.Host, "502"), TCP: true}, nil
	case u.Scheme == "rtu+tcp" && u.Port() != "":
		return Medium{Address: u.Host}, nil
	}
	return Medium{}, want
}

// withPort returns a host with a port, if it has none.
func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// Open opens the medium. The caller closes what is below the Conn.
func (m Medium) Open(ctx context.Context, o modbus.Options) (*modbus.Conn, Conn, error) {
	if m.Port != "" {
		port, err := serial.Open(m.Port, m.Mode)
		if err != nil {
			return nil, nil, err
		}
		o.Wire = modbus.Wire{Baud: m.Mode.Baud}
		return modbus.NewRTU(port, o), port, nil
	}
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", m.Address)
	switch {
	case err != nil:
		return nil, nil, err
	case m.TCP:
		return modbus.NewTCP(conn, o), conn, nil
	}
	return modbus.NewRTU(conn, o), conn, nil
}

// Range is some registers or bits that follow each other.
type Range struct {
	First, Last int // as the person counts
}

// ParseRange reads a number, or two with a dash between, in decimal or hexadecimal digits: 0-20, 0x10-0x1f, 100.
func ParseRange(text string) (Range, error) {
	first, last, two := strings.Cut(text, "-")
	if !two {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 0, 17)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 0, 17)
	if err := errors.Join(errA, errB); err != nil || a > b || b > 1<<16 {
		return Range{}, fmt.Errorf("%q, want a number or a range such as 0-20 or 0x10-0x1f, up to 65536", text)
	}
	return Range{int(a), int(b)}, nil
}

// Within returns an error if there is nothing with such numbers, where the first has the number base.
func (r Range) Within(base int) error {
	if last := 1<<16 - 1 + base; r.First < base || r.Last > last {
		return fmt.Errorf("%d to %d, want numbers from %d to %d", r.First, r.Last, base, last)
	}
	return nil
}

// Found is a block that a slave has, or refuses to give.
type Found struct {
	Table     modbus.Table
	First     int // as the person counts
	Count     int
	Registers modbus.Registers
	Bits      modbus.Bits
	Err       error // the slave's exception; nil: there is an answer
}

// Slave asks one unit.
type Slave struct {
	Conn *modbus.Conn
	Unit uint8
	Base int // the number of the first register
	Most int // registers in one request
}

// Read reads a range of a table in as few requests as are allowed. What a slave refuses is halved until it is clear which registers it refuses; those
// that follow each other are one block. progress is called with how many are done of all. The error is one that isn't the slave's; beside it
// are the blocks that were read before.
func (s *Slave) Read(ctx context.Context, table modbus.Table, r Range, progress func(done, all int)) (found []Found, err error) {
	most := table.Most()
	if s.Most > 0 {
		most = min(most, s.Most)
	}
	for at := r.First; at <= r.Last; {
		n := min(most, r.Last+1-at)
		some, err := s.halve(ctx, table, at, n)
		found = joined(append(found, some...))
		if err != nil {
			return found, err
		}
		at += n
		progress(at-r.First, r.Last+1-r.First)
	}
	return found, nil
}

// halve reads n registers from a number on, in one request or, if the slave refuses that, in two halves.
func (s *Slave) halve(ctx context.Context, table modbus.Table, first, n int) ([]Found, error) {
	f := Found{Table: table, First: first, Count: n}
	response, err := s.Conn.Do(ctx, s.Unit, modbus.Read{Table: table, Address: uint16(first - s.Base), Count: n})
	refused, is := errors.AsType[modbus.Exception](err)
	if is && (n == 1 || refused != modbus.IllegalDataAddress && refused != modbus.IllegalDataValue) {
		f.Err = refused
		return []Found{f}, nil //nolint:nilerr // the block tells it
	}
	if !is {
		if err != nil {
			return nil, err
		}
		f.Registers, _ = response.(modbus.Registers)
		f.Bits, _ = response.(modbus.Bits)
		return []Found{f}, nil
	}
	left, err := s.halve(ctx, table, first, n/2)
	if err != nil {
		return left, err
	}
	right, err := s.halve(ctx, table, first+n/2, n-n/2)
	return append(left, right...), err
}

// joined makes one block of neighbours that are alike.
func joined(blocks []Found) (all []Found) {
	for _, b := range blocks {
		if len(all) > 0 {
			last := &all[len(all)-1]
			if last.First+last.Count == b.First && last.Err == b.Err { //nolint:errorlint // both are exceptions, which can be compared
				last.Count += b.Count
				last.Registers = append(last.Registers, b.Registers...)
				last.Bits = append(last.Bits, b.Bits...)
				continue
			}
		}
		all = append(all, b)
	}
	return all
}

// String shows the block.
func (f Found) String() string {
	what := fmt.Sprintf("%v %d to %d", f.Table, f.First, f.First+f.Count-1)
	if f.Count == 1 {
		what = fmt.Sprintf("%s %d", strings.TrimSuffix(f.Table.String(), "s"), f.First)
	}
	switch {
	case f.Err != nil:
		return fmt.Sprintf("%s: %v\n", what, f.Err)
	case f.Table.Bits():
		return what + "\n\n" + Bits(f.First, f.Bits)
	}
	return what + "\n\n" + Registers(f.First, f.Registers)
}

// objects are the names of what equipment says of itself.
var objects = []string{"vendor", "product", "revision", "address", "name", "model", "application"}

// Identify asks a slave who it is. The text is "" if the slave doesn't say.
func (s *Slave) Identify(ctx context.Context) (text string, err error) {
	var said []string
	for ask := (modbus.Identify{Category: modbus.Regular}); len(said) < 32; {
		response, err := s.Conn.Do(ctx, s.Unit, ask)
		if err != nil && ask.Category == modbus.Regular && len(said) == 0 && refusedBy(err) {
			ask.Category = modbus.Basic // all that some equipment has
			continue
		}
		if err != nil && !refusedBy(err) && !errors.Is(err, modbus.ErrTimeout) && !errors.Is(err, modbus.ErrNonsense) {
			return strings.Join(said, ", "), err
		}
		a, ok := response.(modbus.Identification)
		if !ok {
			break
		}
		for _, o := range a.Objects {
			if text := strings.TrimSpace(o.Text); text != "" && int(o.ID) < len(objects) {
				said = append(said, fmt.Sprintf("%s %+q", objects[o.ID], text))
			}
		}
		if !a.More {
			break
		}
		ask.Object = a.Next
	}
	return strings.Join(said, ", "), nil
}

func refusedBy(err error) bool {
	var e modbus.Exception
	return errors.As(err, &e)
}

// Scan asks units one after the other for a register or a bit. A unit that answers, be it that it refuses, is there, and found is called with it. The
// error is one of the line or of ctx.
func Scan(ctx context.Context, conn *modbus.Conn, units Range, ask modbus.Read, progress func(unit int), found func(unit uint8, refused error)) error {
	for unit := units.First; unit <= units.Last; unit++ {
		progress(unit)
		_, err := conn.Do(ctx, uint8(unit), ask)
		var refused modbus.Exception
		switch {
		case err == nil:
			found(uint8(unit), nil)
		case errors.As(err, &refused):
			// By these two a gateway says that behind it nobody has answered.
			if refused != modbus.GatewayPathUnavailable && refused != modbus.GatewayTargetDeviceFailedToRespond {
				found(uint8(unit), refused)
			}
		case !errors.Is(err, modbus.ErrTimeout) && !errors.Is(err, modbus.ErrNonsense):
			return err
		}
	}
	return nil
}

// LineYAML returns the medium as a line for the configuration.
func (m Medium) LineYAML() string {
	protocol, at := "modbus-rtu", "address: "+YAML(m.Address)
	if m.TCP {
		protocol = "modbus-tcp"
	}
	if m.Port != "" {
		at = fmt.Sprintf("port: %s, baud: %d", YAML(m.Port), m.Mode.Baud)
		if m.Mode.Parity != serial.None && m.Mode.Parity != "" {
			at += ", parity: " + string(m.Mode.Parity)
		}
		if m.Mode.StopBits > 1 {
			at += fmt.Sprintf(", stop_bits: %d", m.Mode.StopBits)
		}
	}
	return fmt.Sprintf("lines:\n  - {name: line, protocol: %s, %s}\n", protocol, at)
}

// mostPoints is how many points YAML shows.
const mostPoints = 32

// DeviceYAML returns a device for the configuration with what a slave has, below a line.
func (s *Slave) DeviceYAML(found []Found) string {
	var points []string
	order, floats := likelyOrder(found)
	for _, f := range found {
		if f.Err == nil {
			points = append(points, f.points(order, floats)...)
		}
	}
	if len(points) == 0 {
		return ""
	}
	more := ""
	if len(points) > mostPoints {
		more = fmt.Sprintf("        # and %d more\n", len(points)-mostPoints)
		points = points[:mostPoints]
	}
	options := ""
	if s.Base != 0 {
		options += fmt.Sprintf("      base: %d\n", s.Base)
	}
	if order != modbus.ABCD {
		options += fmt.Sprintf("      order: %v\n", order)
	}
	return fmt.Sprintf("devices:\n  - name: equipment\n    type: modbus\n    params:\n      line: line\n      unit: %d\n%s      points:\n%s%s",
		s.Unit, options, strings.Join(points, ""), more)
}

// likelyOrder returns the order in which at least half of the pairs of registers that hold something are floating-point numbers, if there is
// one; of the orders only those that equipment mostly has.
func likelyOrder(found []Found) (order modbus.Order, floats bool) {
	for _, order := range []modbus.Order{modbus.ABCD, modbus.CDAB} {
		are, all := 0, 0
		for _, f := range found {
			for i := 0; i+1 < len(f.Registers); i += 2 {
				if pair := f.Registers[i : i+2]; !empty(pair) {
					all++
					if _, float := asFloat(order, pair); float {
						are++
					}
				}
			}
		}
		if are > 0 && 2*are >= all {
			return order, true
		}
	}
	return modbus.ABCD, false
}

// asFloat returns the floating-point number in two registers, if it is of a size that measurements have. Two whole numbers are hardly ever taken for one.
func asFloat(order modbus.Order, pair []uint16) (text string, sense bool) {
	f := float64(math.Float32frombits(uint32(order.Word(pair))))
	return strconv.FormatFloat(f, 'g', -1, 32), math.Abs(f) >= 0.01 && math.Abs(f) < 1e7
}

// points returns a point for each bit and each register or, if numbers are floating-point, each pair that may be one.
func (f Found) points(order modbus.Order, floats bool) (points []string) {
	point := func(key, more string, n int, value any) {
		points = append(points, fmt.Sprintf("        - {id: %s_%d, %s: %d%s}   # %v\n", key, n, key, n, more, value))
	}
	switch f.Table {
	case modbus.Coils, modbus.DiscreteInputs:
		key := map[modbus.Table]string{modbus.Coils: "coil", modbus.DiscreteInputs: "discrete"}[f.Table]
		for i, on := range f.Bits {
			point(key, "", f.First+i, on)
		}
		return points
	}
	key := map[modbus.Table]string{modbus.HoldingRegisters: "holding", modbus.InputRegisters: "input"}[f.Table]
	for i := 0; i < len(f.Registers); i++ {
		if floats && i+1 < len(f.Registers) {
			if text, float := asFloat(order, f.Registers[i:i+2]); float {
				point(key, ", type: float32", f.First+i, text)
				i++
				continue
			}
		}
		point(key, ", type: uint16", f.First+i, f.Registers[i])
	}
	return points
}

// Times are how long a probe waits for an answer, if nobody says otherwise.
const (
	ReadTimeout = time.Second
	ScanTimeout = 300 * time.Millisecond
)
