package hub_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/examples/hub/hub"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bridge plays the bridge, to one who connects after the other.
type bridge struct {
	mu    sync.Mutex
	conn  net.Conn
	lamps map[string]string // how each is, by name
}

func plugIn(t *testing.T, lamps map[string]string) (b *bridge, address string) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b = &bridge{lamps: lamps}
	done := make(chan struct{})
	t.Cleanup(func() { port.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := port.Accept()
			if err != nil {
				return
			}
			b.serve(conn)
			conn.Close()
		}
	}()
	return b, port.Addr().String()
}

func (b *bridge) serve(conn net.Conn) {
	b.mu.Lock()
	b.conn = conn
	for name, state := range b.lamps {
		fmt.Fprintln(conn, name, state)
	}
	fmt.Fprintln(conn, "ready")
	b.mu.Unlock()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		name, state, _ := strings.Cut(lines.Text(), " ")
		b.mu.Lock()
		if _, has := b.lamps[name]; has {
			if state != "?" {
				b.lamps[name] = state
			}
			fmt.Fprintln(conn, name, b.lamps[name])
		}
		b.mu.Unlock()
	}
}

// says changes a lamp, and tells of it.
func (b *bridge) says(name, state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lamps[name] = state
	if state == "gone" {
		delete(b.lamps, name)
	}
	fmt.Fprintln(b.conn, name, state)
}

func (b *bridge) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conn.Close()
}

func start(t *testing.T, address string) *devicetest.Device {
	t.Helper()
	return devicetest.Start(t, "hub", map[string]any{"address": address})
}

// names waits until the hub has these lamps.
func names(t *testing.T, hub *devicetest.Device, want ...string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !slices.Equal(hub.Names(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the hub has %q, want %q", hub.Names(), want)
		}
	}
}

func lamp(t *testing.T, hub *devicetest.Device, name string) *devicetest.Device {
	t.Helper()
	d, err := hub.Added(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wants waits until a lamp says an action.
func wants(t *testing.T, d *devicetest.Device, action string) {
	t.Helper()
	for {
		got, err := d.Next(10 * time.Second)
		if err != nil {
			t.Fatalf("%s: %v, want %s", d.Name(), err, action)
		}
		if got.Msg.Action() == action {
			return
		}
	}
}

// The bridge and its lamps keep what every device has to keep.
func TestRules(t *testing.T) {
	b, address := plugIn(t, map[string]string{"hall": "on", "attic": "off"})
	devicetest.Run(t, hub.Open, map[string]any{"address": address}, devicetest.Break(b.hangUp), devicetest.Mute(map[string]any{"address": mute(t)}))
}

// mute returns the address of a bridge that takes every call and says nothing.
func mute(t *testing.T) (address string) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	return port.Addr().String()
}

// Lamps are there when the bridge says so, and for as long.
func TestLampsComeAndGo(t *testing.T) {
	b, address := plugIn(t, map[string]string{"hall": "on", "attic": "off"})
	bridge := start(t, address)
	names(t, bridge, "attic", "hall")
	wants(t, lamp(t, bridge, "hall"), "LIGHT_ON")
	wants(t, lamp(t, bridge, "attic"), "LIGHT_OFF")
	b.says("cellar", "off")
	names(t, bridge, "attic", "cellar", "hall")
	b.says("attic", "gone")
	names(t, bridge, "cellar", "hall")
	b.says("attic", "on")
	names(t, bridge, "attic", "cellar", "hall")
	wants(t, lamp(t, bridge, "attic"), "LIGHT_ON")
}

// Each lamp is told what is for it, and answers for itself.
func TestLampIsSwitched(t *testing.T) {
	_, address := plugIn(t, map[string]string{"hall": "off", "attic": "off"})
	bridge := start(t, address)
	hall := lamp(t, bridge, "hall")
	wants(t, hall, "LIGHT_OFF")
	at := messages.Address{Function: "Lighting", Location: "hall"}
	if hall.Address() != at {
		t.Errorf("the lamp hears what is sent to %v, want %v", hall.Address(), at)
	}
	if err := hall.Handle(messages.New(messages.Command, at, "LIGHT_ON")); err != nil {
		t.Fatal(err)
	}
	wants(t, hall, "LIGHT_ON")
	if err := hall.Handle(messages.New(messages.Command, at, "MAKE_COFFEE")); !errors.Is(err, devices.ErrAction) {
		t.Errorf("coffee: %v, want that it is refused", err)
	}
	if err := bridge.Handle(messages.New(messages.Command, messages.Address{}, "LIGHT_ON")); !errors.Is(err, devices.ErrNotMine) {
		t.Errorf("the bridge itself is told: %v", err)
	}
}

// A lamp that can't be reached fails alone, and is opened when the bridge reaches it.
func TestLampFailsAlone(t *testing.T) {
	b, address := plugIn(t, map[string]string{"hall": "unreachable", "attic": "on"})
	bridge := start(t, address)
	if _, err := bridge.Added("hall"); err == nil || err.Error() != "the bridge says that it is unreachable" {
		t.Errorf("the hall: %v", err)
	}
	attic := lamp(t, bridge, "attic")
	wants(t, attic, "LIGHT_ON")
	b.says("hall", "gone")
	names(t, bridge, "attic")
	b.says("hall", "on")
	names(t, bridge, "attic", "hall")
	wants(t, lamp(t, bridge, "hall"), "LIGHT_ON")
}

// A bridge that hangs up has failed, and one that does so before it is ready is not open.
func TestBridgeFails(t *testing.T) {
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	go func() {
		if conn, err := port.Accept(); err == nil {
			fmt.Fprintln(conn, "hall on")
			conn.Close()
		}
	}()
	if _, err := devicetest.Open("hub", map[string]any{"address": port.Addr().String()}); err == nil {
		t.Error("a bridge that hangs up is open")
	}
}
