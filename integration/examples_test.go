package integration

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// runExample runs the program of a folder of examples, with its own configuration but for the address of its equipment.
func runExample(t *testing.T, name, address, equipment string) *program {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-o", filepath.Join(dir, name)}
	if raced() {
		args = append(args, "-race")
	}
	inRepository(t, "go", append(args, "./examples/"+name)...)
	config, err := os.ReadFile(filepath.Join("../examples", name, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, name+".yaml", strings.Replace(string(config), address, equipment, 1))
	return startProgram(t, dir, filepath.Join(dir, name), nil, "run", "--embedded.address", "127.0.0.1:0")
}

// hearsOf waits for a message whose payload begins so.
func (u *user) hearsOf(topic, payload string) {
	u.t.Helper()
	for {
		m, ok := u.hearAny(patience)
		if !ok {
			u.t.Fatalf("%s does not say %q", topic, payload)
		}
		if m.topic == topic && (m.payload == payload || payload != "" && strings.HasPrefix(m.payload, payload)) {
			return
		}
	}
}

// equipment is what an example is connected to, over one connection after the other.
type equipment struct {
	port net.Listener
	mu   sync.Mutex
	conn net.Conn // the latest
}

func newEquipment(t *testing.T, serve func(conn net.Conn)) *equipment {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &equipment{port: port}
	done := make(chan struct{})
	t.Cleanup(func() { port.Close(); e.hangUp(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := port.Accept()
			if err != nil {
				return
			}
			e.mu.Lock()
			e.conn = conn
			e.mu.Unlock()
			serve(conn)
			conn.Close()
		}
	}()
	return e
}

func (e *equipment) address() string { return e.port.Addr().String() }

func (e *equipment) hangUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn != nil {
		e.conn.Close()
	}
}

func (e *equipment) says(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintln(e.conn, line)
}

// TestExampleHub has lamps come and go: each has availability, answers and a failure of its own, and all of them go down with the bridge.
func TestExampleHub(t *testing.T) {
	t.Parallel()
	bridge := newEquipment(t, func(conn net.Conn) {
		fmt.Fprint(conn, "hall on\nattic unreachable\nready\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			switch line := lines.Text(); line {
			case "hall ?", "cellar ?": // a lamp asks if it is open before the hub has told it
				fmt.Fprintln(conn, strings.TrimSuffix(line, " ?")+" on")
			case "attic ?":
				fmt.Fprintln(conn, "attic unreachable")
			default:
				fmt.Fprintln(conn, line)
			}
		}
	})
	gateway := runExample(t, "hub", "127.0.0.1:4000", bridge.address())
	user := join(t, gateway.broker(), "home/#")
	state := func(device string) string { return "home/$gateway/house/" + device + "/state" }
	gateway.says("msg=subscribed")
	gateway.says(`msg="device online" device=bridge.hall`)
	gateway.says(`msg="device failed" device=bridge.attic … the bridge says that it is unreachable`)

	user.say(message{topic: "home/Lighting//hall//me/C", payload: `{"action":"LIGHT_OFF","reply":true}`})
	user.hearsOf("home/Lighting//hall//house/S", "LIGHT_OFF")
	user.say(message{topic: "home/Lighting//hall//me/C", payload: `{"action":"MAKE_COFFEE","reply":true}`})
	user.hearsOf("home/Lighting//hall//house/S", `{"action":"MAKE_COFFEE","response":"REJECTED"`)
	user.say(message{topic: "home/Lighting//attic//me/C", payload: `{"action":"LIGHT_ON","reply":true}`})
	user.hearsOf("home/Lighting//attic//house/S", `{"action":"LIGHT_ON","response":"ERROR"`)

	bridge.says("cellar on")
	gateway.says(`msg="device online" device=bridge.cellar`)
	bridge.says("cellar gone")
	user.hearsOf(state("bridge.cellar"), "")

	bridge.hangUp()
	user.hearsOf(state("bridge.hall"), "offline: ")
	user.hearsOf(state("bridge.hall"), "online")
	gateway.stop()
}

// TestExamplePoller reads a heat pump, switches its pump, and loses it for a while.
func TestExamplePoller(t *testing.T) {
	t.Parallel()
	pump := []byte{1, 0}
	slave := newEquipment(t, func(conn net.Conn) {
		for request := make([]byte, 12); ; {
			if _, err := io.ReadFull(conn, request); err != nil {
				return
			}
			body := []byte{6, 0x01, 0x60, 0xff, 0xd3, 0x04, 0xb0}
			switch request[7] {
			case 1:
				body = pump
			case 5:
				body = request[8:]
				pump[1] = request[10] & 1
			}
			answer := binary.BigEndian.AppendUint16(append([]byte(nil), request[:4]...), uint16(len(body)+2))
			_, _ = conn.Write(append(append(answer, request[6:8]...), body...))
		}
	})
	gateway := runExample(t, "poller", "127.0.0.1:1502", slave.address())
	user := join(t, gateway.broker(), "home/#")
	gateway.says(`msg="device online" device=heatpump`)
	gateway.says("msg=subscribed")
	const at = "home/Heating//Cellar/HeatPump/"
	user.say(message{topic: at + "me/C", payload: "PUMP_ON"})
	user.hearsOf(at+"house/S", `{"action":"STATE","flow":35.2,"outside":-4.5,"power":1200,"pump":true}`)
	user.hearsOf(at+"house/S", "PUMP_ON")
	user.hearsOf(at+"house/S", `{"action":"PUMP_ON","response":"OK"}`)

	slave.port.Close()
	slave.hangUp()
	user.say(message{topic: at + "me/C", payload: "PUMP_OFF"})
	user.hearsOf("home/$gateway/house/heatpump/state", "offline: ")
	user.say(message{topic: at + "me/C", payload: "PUMP_OFF"})
	user.hearsOf(at+"house/S", `{"action":"PUMP_OFF","response":"ERROR"`)
	gateway.stop()
}
