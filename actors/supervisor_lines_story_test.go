package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	kitlines "github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/messages"
)

// wires are the media of the tests' lines.
var wires media

// media is what a test does with its lines: which are unplugged, and which units are silent.
type media struct {
	mu        sync.Mutex
	unplugged map[string]bool // by port
	silent    map[int]bool    // by unit
	open      map[string]int  // connections, by port
	opened    map[string]int  // so far
}

// reset makes all media whole.
func (m *media) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplugged, m.silent, m.open, m.opened = map[string]bool{}, map[int]bool{}, map[string]int{}, map[string]int{}
}

func (m *media) plug(port string, in bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplugged[port] = !in
}

func (m *media) silence(unit int, silent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silent[unit] = silent
}

// count returns how many connections to a port are open, and how many have been opened.
func (m *media) count(port string) (open, opened int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[port], m.opened[port]
}

// wire is an open connection to a port.
type wire string

var (
	errUnplugged = errors.New("no such port")
	errSilent    = errors.New("no answer")
)

func openWire(port string) (wire, error) {
	wires.mu.Lock()
	defer wires.mu.Unlock()
	if wires.unplugged[port] {
		return "", errUnplugged
	}
	if wires.open[port] > 0 {
		return "", errors.New("the port has two owners")
	}
	wires.open[port]++
	wires.opened[port]++
	return wire(port), nil
}

func (w wire) Close() error {
	wires.mu.Lock()
	defer wires.mu.Unlock()
	wires.open[string(w)]--
	return nil
}

// ask makes a request to a unit, which takes a time.
func (w wire) ask(ctx context.Context, unit int) error {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	wires.mu.Lock()
	defer wires.mu.Unlock()
	switch {
	case wires.unplugged[string(w)]:
		return errUnplugged
	case wires.silent[unit]:
		return errSilent
	}
	return nil
}

// wireParams are the options of a line of the tests.
type wireParams struct {
	Port string `koanf:"port" doc:"its medium"`
	Baud int    `koanf:"baud" default:"9600" min:"1" max:"1000000" doc:"distinguishes two definitions"`
}

func makeWire(name string, p wireParams) (*line.Line[wire], error) {
	return line.New(line.Options[wire]{
		Name: name,
		Open: func(context.Context) (wire, error) { return openWire(p.Port) },
		Judge: func(err error) line.Verdict {
			if errors.Is(err, errUnplugged) {
				return line.Broken
			}
			return line.Failed
		},
	}), nil
}

type slaveParams struct {
	Line kitlines.Ref `koanf:"line" doc:"its line"`
	Unit int          `koanf:"unit" doc:"its number on the line" min:"1" max:"247"`
}

func (p slaveParams) Validate() error { return kitlines.Usable[*line.Line[wire]](p.Line) }

// slave is a device on a line.
type slave struct {
	unit  int
	line  *line.Line[wire]
	leave func()
}

func init() {
	kitlines.Register("wire", func(p wireParams) string { return p.Port }, makeWire, "")
	devices.Register("slave", openSlave)
}

func openSlave(ctx context.Context, _ devices.Env, p slaveParams) (devices.Device, error) {
	shared, leave, err := kitlines.Join[*line.Line[wire]](ctx, p.Line)
	if err != nil {
		return nil, err
	}
	s := &slave{p.Unit, shared, leave}
	if err := shared.Do(ctx, line.Ask, s.unit, s.ask); err != nil {
		leave()
		return nil, err
	}
	return s, nil
}

func (s *slave) ask(ctx context.Context, w wire) error { return w.ask(ctx, s.unit) }

func (s *slave) Handle(ctx context.Context, _ messages.InternalMsg) error {
	return s.line.Do(ctx, line.Write, s.unit, s.ask)
}

func (s *slave) Run(ctx context.Context) error {
	return s.line.Poll(ctx, s.unit, line.Polled[wire]{Every: time.Second, Ask: s.ask})
}

func (s *slave) Close() error {
	s.leave()
	return nil
}

// slaveOn returns a device with complete parameters.
func slaveOn(name string, unit int, of map[string]any) config.Device {
	return config.Device{
		Name: name, Type: "slave", Params: map[string]any{"line": of, "unit": unit},
		Retry: config.Retry{Min: time.Second, Max: 4 * time.Second},
	}
}

func wireAt(name string, baud int) map[string]any {
	return map[string]any{"name": name, "protocol": "wire", "port": "/dev/" + name, "baud": baud}
}

// A line that breaks is a line of the log, and so is its return, whatever number of devices is on it; each of them has its own state and its
// reason. What fails for its own reason on the same line has a line of its own.
func TestLineBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wires.reset()
		cellar, attic := wireAt("cellar", 9600), wireAt("attic", 9600)
		b := start(t, []config.Device{slaveOn("a", 1, cellar), slaveOn("b", 2, cellar), slaveOn("c", 3, cellar), slaveOn("d", 4, attic)})
		defer b.end()
		time.Sleep(5 * time.Second)
		for _, step := range []struct {
			name    string
			do      func()
			wait    time.Duration
			log     []string // how each line of the log begins; a device may fail in two ways: while it runs, and while it is opened
			offline map[string]string
		}{
			{"all is well", func() {}, time.Minute, nil, nil},
			{"unplugged", func() { wires.plug("/dev/cellar", false) }, 20 * time.Second,
				[]string{`WARN line down, and so are the devices on it line=cellar err=no such port`},
				map[string]string{"a": `line "cellar": no such port`, "b": `line "cellar": no such port`, "c": `line "cellar": no such port`}},
			{"plugged in again", func() { wires.plug("/dev/cellar", true) }, 20 * time.Second, []string{`INFO line up again line=cellar`}, nil},
			{"one is silent", func() { wires.silence(2, true) }, 9 * time.Second,
				[]string{`WARN device failed device=b`}, map[string]string{"b": "running: no answer"}},
			{"and speaks again", func() { wires.silence(2, false) }, time.Minute, []string{`INFO device online again device=b`}, nil},
			{"one is silent, and the other line is unplugged", func() { wires.silence(2, true); wires.plug("/dev/attic", false) }, 9 * time.Second,
				[]string{`WARN device failed device=b`, `WARN line down, and so are the devices on it line=attic`},
				map[string]string{"b": "running: no answer", "d": `line "attic": no such port`}},
			{"and its own line, too", func() { wires.plug("/dev/cellar", false) }, 20 * time.Second,
				[]string{`WARN line down, and so are the devices on it line=cellar`},
				map[string]string{"a": `line "cellar": no such port`, "b": "running: no answer", "c": `line "cellar": no such port`, "d": `line "attic": no such port`}},
			{"plugged in again, but one is still silent", func() { wires.plug("/dev/cellar", true); wires.plug("/dev/attic", true) }, 9 * time.Second,
				[]string{`INFO line up again line=attic`, `INFO line up again line=cellar`, `WARN device failed device=b`}, map[string]string{"b": "running: no answer"}},
			{"all is well again", func() { wires.silence(2, false) }, 30 * time.Second, []string{`INFO device online again device=b`}, nil},
		} {
			b.log.take()
			step.do()
			time.Sleep(step.wait)
			synctest.Wait()
			log := slices.DeleteFunc(b.log.take(), func(l string) bool { return strings.HasPrefix(l, "WARN device failed again") }) // sums, which chance decides
			said := map[string]bool{}
			for _, l := range log {
				i := slices.IndexFunc(step.log, func(want string) bool { return strings.HasPrefix(l, want) })
				switch {
				case i < 0:
					t.Errorf("%s: the log says %s", step.name, l)
				case said[step.log[i]] && !strings.Contains(l, "device failed"):
					t.Errorf("%s: the log says twice %s", step.name, l)
				default:
					said[step.log[i]] = true
				}
			}
			for _, want := range step.log {
				if !said[want] {
					t.Errorf("%s: the log does not say %q", step.name, want)
				}
			}
			for _, entry := range b.recorded() {
				name, is, _ := strings.Cut(entry, " ")
				want := "online"
				if reason, down := step.offline[name]; down {
					want = reason
				}
				if !strings.HasSuffix(is, want) {
					t.Errorf("%s: %s is %s; want %s", step.name, name, is, want)
				}
			}
		}
	})
}

// When the last device that was down for a line is removed, the log forgets the line: the next failure is told at once.
func TestBrokenLineIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wires.reset()
		cellar := wireAt("cellar", 9600)
		b := start(t, []config.Device{slaveOn("a", 1, cellar), slaveOn("b", 2, cellar)})
		defer b.end()
		for range 2 {
			time.Sleep(time.Minute)
			wires.plug("/dev/cellar", false)
			b.log.take()
			time.Sleep(5 * time.Second)
			if log := b.log.take(); len(log) != 1 || !strings.HasPrefix(log[0], "WARN line down") {
				t.Errorf("the log says\n%s", strings.Join(log, "\n"))
			}
			for _, rest := range [][]config.Device{{}, {slaveOn("a", 1, cellar), slaveOn("b", 2, cellar)}} {
				wires.plug("/dev/cellar", true)
				if _, err := b.gateway.Apply(t.Context(), complete(b, rest)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// A line that is changed while everything runs takes its devices over from its predecessor without a failure, and another line is not
// touched. In each round the line has another definition.
func TestLineIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wires.reset()
		wanted := func(baud int) (list []config.Device) {
			for unit := range 5 {
				list = append(list, slaveOn(fmt.Sprint("c", unit), unit+1, wireAt("cellar", baud)))
			}
			return append(list, slaveOn("d", 7, wireAt("attic", 9600)))
		}
		b := start(t, wanted(1))
		defer b.end()
		time.Sleep(5 * time.Second)
		b.log.take()
		for round := 2; round < 10; round++ {
			changes, err := b.gateway.Apply(t.Context(), complete(b, wanted(round)))
			if err != nil || len(changes.Changed) != 5 || !slices.Equal(changes.Kept, []string{"d"}) {
				t.Errorf("%+v, %v", changes, err)
			}
			time.Sleep(time.Duration(round*130) * time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		for _, l := range b.log.take() {
			if strings.HasPrefix(l, "WARN") || strings.HasPrefix(l, "ERROR") {
				t.Error(l)
			}
		}
		b.wantRecorded("c0 online", "c1 online", "c2 online", "c3 online", "c4 online", "d online")
		if open, opened := wires.count("/dev/attic"); open != 1 || opened != 1 {
			t.Errorf("the other line: %d connections open, %d opened", open, opened)
		}
		if open, opened := wires.count("/dev/cellar"); open != 1 || opened < 3 {
			t.Errorf("the line: %d connections open, %d opened", open, opened)
		}
	})
}

// complete fills in what devices of the tests leave out.
func complete(b *bench, list []config.Device) []config.Device { return b.options(list).Devices }
