package devices_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// wall has a lamp that whoever connects may switch.
type wall struct {
	port net.Listener
	mute bool

	mu    sync.Mutex // guards what follows
	conns []net.Conn
}

// newWall returns the wall of a lamp, which says nothing if it is mute. It comes down when the test ends.
func newWall(t *testing.T, mute bool) *wall {
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wall{port: port, mute: mute}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := port.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.conns = append(w.conns, conn)
			w.mu.Unlock()
			all.Go(func() { w.serve(conn) })
		}
	})
	t.Cleanup(func() {
		port.Close()
		w.hangUp()
		all.Wait()
	})
	return w
}

func (w *wall) serve(conn net.Conn) {
	defer conn.Close()
	state := "off"
	for lines := bufio.NewScanner(conn); ; {
		if !w.mute {
			fmt.Fprintln(conn, state)
		}
		if !lines.Scan() {
			return
		}
		state, _, _ = strings.Cut(lines.Text(), " ")
	}
}

// hangUp ends all connections.
func (w *wall) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		conn.Close()
	}
	w.conns = nil
}

// The devices of the examples keep what every device has to keep.
func TestExamplesAreGood(t *testing.T) {
	command := messages.New(messages.Command, messages.Address{}, "")
	t.Run("lamp", func(t *testing.T) {
		lamp, mute := newWall(t, false), newWall(t, true)
		devicetest.RunType(t, "lamp", map[string]any{"address": lamp.port.Addr().String()},
			devicetest.Commands(command.WithAction("LIGHT_ON"), command.WithAction("LIGHT_OFF")),
			devicetest.Mute(map[string]any{"address": mute.port.Addr().String()}), devicetest.Break(lamp.hangUp))
	})
	t.Run("bridge", func(t *testing.T) {
		devicetest.RunType(t, "bridge", map[string]any{"rooms": []any{"hall"}}, devicetest.Commands(
			command.WithAction("PAIR").WithArg("room", messages.TextValue("attic")), command.WithAction("FORGET").WithArg("room", messages.TextValue("attic")),
		))
	})
}
