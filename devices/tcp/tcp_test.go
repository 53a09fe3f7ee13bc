package tcp_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/tcp"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// receiver is a Denon AVR by telnet.
const receiver = `
  - name: receiver
    type: tcp
    params:
      {address: "avr.lan:23", frame: {end: "\r"}, pause: 50ms, silent: 3m, ask: [{send: "PW?", every: 60s}, {send: "MV?", every: 60s}], points: [
        {id: power, match: '^PW(ON|STANDBY)$', kind: bool, "on": "ON", "off": STANDBY, send: {true: PWON, false: PWSTANDBY}, answer: {match: '^PW', within: 300ms}},
        {id: volume, match: '^MV(?P<v>\d\d)(?P<half>5?)$', value: '(.v|tonumber) + (if .half == "" then 0 else 0.5 end)', min: 0, max: 98, step: 0.5, send: 'MV{{printf "%03.0f" (mul .volume 10)}}'},
        {id: input, match: '^SI(.+)$', options: [CD, DVD, TV, TUNER], send: 'SI{{.input}}'}]}
`

// lift is a box that calls.
const lift = `
  - name: lift
    type: tcp
    params:
      {listen: "127.0.0.1:0", frame: {end: "\n"}, decode: json, ask: [{send: '{"get":"all"}'}], points: [
        {id: floor, value: .floor, send: '{"go":{{.floor}}}', min: 0, max: 9},
        {id: door, value: .door, kind: bool}]}
`

func configured(t *testing.T, yaml string, change func(params map[string]any)) map[string]any {
	t.Helper()
	list, err := config.ParseDevices(yaml)
	if err != nil {
		t.Fatal(err)
	}
	change(list[0].Params)
	return list[0].Params
}

// avr plays the receiver, for one connection after the other.
type avr struct {
	mu   sync.Mutex
	is   map[string]string // by command: PW ON
	conn net.Conn
}

// plugIn has a receiver listen until the test ends.
func plugIn(t *testing.T) (a *avr, address string) {
	t.Helper()
	a = &avr{is: map[string]string{"PW": "STANDBY", "MV": "505", "SI": "CD"}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			a.mu.Lock()
			a.conn = conn
			a.mu.Unlock()
			a.serve(conn)
			conn.Close()
		}
	})
	t.Cleanup(func() { listener.Close(); a.hangUp(); done.Wait() })
	return a, listener.Addr().String()
}

func (a *avr) serve(conn net.Conn) {
	for lines := bufio.NewReader(conn); ; {
		line, err := lines.ReadString('\r')
		if err != nil {
			return
		}
		command, value := line[:2], strings.TrimSuffix(line[2:], "\r")
		a.mu.Lock()
		if value != "?" {
			if len(value) == 3 {
				value = strings.TrimSuffix(value, "0") // 070 is 07
			}
			a.is[command] = value
		}
		fmt.Fprintf(conn, "%s%s\r", command, a.is[command])
		if command == "MV" {
			fmt.Fprint(conn, "MVMAX 70\r")
		}
		a.mu.Unlock()
	}
}

func (a *avr) hangUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		a.conn.Close()
	}
}

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

func TestReceiver(t *testing.T) {
	_, address := plugIn(t)
	params := configured(t, receiver, func(p map[string]any) { p["address"] = address })
	d := devicetest.Start(t, "tcp", params, devicetest.Name("receiver"))
	await(t, d, "power", false)
	await(t, d, "volume", 50.5)
	await(t, d, "input", nil) // nobody has asked for it
	for id, value := range map[string]any{"power": true, "volume": 7, "input": "TV"} {
		if err := d.Set(id, value); err != nil {
			t.Error(err)
		}
		await(t, d, id, value)
	}
	if err := d.Set("volume", 98.5); !errors.Is(err, devices.ErrAction) {
		t.Errorf("a volume of 98.5: %v, want that it is refused", err)
	}
}

// A receiver keeps what every device has to keep, and is not open before it answers.
func TestRules(t *testing.T) {
	a, address := plugIn(t)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	at := func(address string) map[string]any {
		return configured(t, receiver, func(p map[string]any) { p["address"], p["pause"] = address, "0" })
	}
	on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("power", messages.BoolValue(true))
	devicetest.Run(t, tcp.Open, at(address), devicetest.Name("receiver"), devicetest.Commands(on), devicetest.Break(a.hangUp),
		devicetest.Mute(at(mute.Addr().String())))
}

func TestHangsUp(t *testing.T) {
	a, address := plugIn(t)
	params := configured(t, receiver, func(p map[string]any) { p["address"] = address })
	d := devicetest.Start(t, "tcp", params)
	await(t, d, "volume", 50.5)
	a.hangUp()
	if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "the other end has hung up") {
		t.Errorf("the receiver hangs up: %v", err)
	}
	await(t, d, "volume", nil)
}

// free returns an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// call connects to a device that listens.
func call(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn, bufio.NewReader(conn)
}

func hears(t *testing.T, from *bufio.Reader, want string) {
	t.Helper()
	if got, err := from.ReadString('\n'); err != nil || got != want+"\n" {
		t.Fatalf("the box got %q, %v; want %q", got, err, want)
	}
}

// A box calls, hangs up, and calls again; the one that called last counts.
func TestBoxThatCalls(t *testing.T) {
	address := free(t)
	params := configured(t, lift, func(p map[string]any) { p["listen"] = address })
	d := devicetest.Start(t, "tcp", params, devicetest.Name("lift"))
	if err := d.Set("floor", 3); !errors.Is(err, devices.ErrAction) {
		t.Errorf("nobody has called: %v, want that it is refused", err)
	}
	box, lines := call(t, address)
	hears(t, lines, `{"get":"all"}`)
	fmt.Fprint(box, "{\"floor\":2,\"door\":true}\n{\"flo")
	await(t, d, "floor", 2)
	await(t, d, "door", true)
	if err := d.Set("floor", 3); err != nil {
		t.Error(err)
	}
	hears(t, lines, `{"go":3}`)
	box.Close()
	await(t, d, "floor", nil)

	_, _ = call(t, address) // leaves its connection behind
	box, lines = call(t, address)
	hears(t, lines, `{"get":"all"}`)
	fmt.Fprint(box, "{\"floor\":4}\n")
	await(t, d, "floor", 4)
	await(t, d, "door", nil)
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
}

func TestRulesOfListener(t *testing.T) {
	address := free(t)
	devicetest.Run(t, tcp.Open, configured(t, lift, func(p map[string]any) { p["listen"] = address }), devicetest.Name("lift"))
}

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("tcp")
	if err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(map[string]any){
		"want address or listen, one of them":                  func(p map[string]any) { delete(p, "address") },
		`address: "avr": missing port in address: want a host`: func(p map[string]any) { p["address"] = "avr" },
		`address: ":23": no host: want a host`:                 func(p map[string]any) { p["address"] = ":23" },
		`listen: "x:y": no port, which is`:                     func(p map[string]any) { delete(p, "address"); p["listen"] = "x:y" },
		"frame: want an end, a start and an end":               func(p map[string]any) { delete(p, "frame") },
	} {
		if err := typ.Check(configured(t, receiver, change)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	if err := typ.Check(configured(t, receiver, func(map[string]any) {})); err != nil {
		t.Error(err)
	}
	if w := typ.Warnings(configured(t, receiver, func(map[string]any) {})); len(w) > 0 {
		t.Errorf("the receiver is warned of: %q", w)
	}
	list, err := config.ParseDevices(typ.Example)
	if err != nil {
		t.Fatal(err)
	}
	if err := typ.Check(list[0].Params); err != nil {
		t.Errorf("the example of the type: %v", err)
	}
}
