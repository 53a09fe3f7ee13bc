package integration

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

const intercomAndReceiver = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - name: entry
    type: serial
    retry: {min: 100ms, max: 300ms}
    reply: always
    params:
      {port: PORT, baud: 9600, frame: {size: 2, gap: 20ms}, points: [
        {id: bell, match: '^1([01])$', kind: bool, words: {true: BELL_ON, false: BELL_OFF}, function: Security, location: gate_entry, device: Bell},
        {id: gate, match: '^2([01])$', kind: bool, words: {true: GATE_OPEN, false: GATE_CLOSE}, function: Security, location: gate_entry, device: Gate, send: {true: "21"}}],
       then: [{match: '^21$', emit: {type: C, function: Lighting, location: gate_entry, action: LIGHT_ON}}]}
  - name: receiver
    type: tcp
    retry: {min: 100ms, max: 300ms}
    reply: always
    params:
      {address: "AVR", frame: {end: "\r"}, pause: 50ms, silent: 3m, ask: [{send: "PW?", every: 60s}, {send: "MV?", every: 60s}], points: [
        {id: power, match: '^PW(ON|STANDBY)$', kind: bool, "on": "ON", "off": STANDBY, send: {true: PWON, false: PWSTANDBY}, answer: {match: '^PW', within: 300ms}},
        {id: volume, match: '^MV(?P<v>\d\d)(?P<half>5?)$', value: '(.v|tonumber) + (if .half == "" then 0 else 0.5 end)', min: 0, max: 98, step: 0.5, send: 'MV{{printf "%03.0f" (mul .volume 10)}}'},
        {id: input, match: '^SI(.+)$', options: [CD, DVD, TV, TUNER], send: 'SI{{.input}}'}]}
`

// TestEquipment connects the real program to an intercom on a serial line and a receiver by telnet, takes both away, and brings them
// back: the intercom's port at another number, under the same name.
func TestEquipment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	port, avr := dir+"/usb-port0", &receiver{t: t}
	intercom := plugIn(t, port)
	avr.start("127.0.0.1:0")
	defer avr.end()
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/+", "home/$gateway/#")
	config := write(t, dir, "gateway.yaml", strings.NewReplacer("PORT", port, "AVR", avr.address).Replace(intercomAndReceiver))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)

	view := func(device, name, payload string) message {
		return message{topic: "home/$gateway/gw/" + device + "/" + name, payload: payload, qos: 1}
	}
	at := func(device, payload string) message {
		return message{topic: "home/Security//gate_entry/" + device + "/gw/S", payload: payload, qos: 1}
	}
	command := func(to, payload string) message {
		return message{topic: "home/" + to + "/me/C", payload: payload, qos: 1}
	}
	const open, answered = "Security//gate_entry/Gate", `{"action":"GATE_OPEN","response":"OK"}`
	u.await("opened", view("receiver", "values", `{"power":false,"volume":50.5,"input":null}`))
	gateway.says("msg=\"device online\" device=entry")

	fmt.Fprint(intercom, "11")
	u.await("somebody rings", at("Bell", "BELL_ON"), at("Bell", `{"action":"STATE","bell":true}`), view("entry", "values", `{"bell":true,"gate":null}`))
	u.say(command(open, "GATE_OPEN"))
	u.await("the gate is opened", at("Gate", answered))
	sent := make([]byte, 2)
	_ = intercom.SetReadDeadline(time.Now().Add(patience))
	if n, err := intercom.Read(sent); err != nil || string(sent[:n]) != "21" {
		t.Errorf("the intercom got %q, %v", sent[:n], err)
	}
	fmt.Fprint(intercom, "21")
	u.await("the gate is open", at("Gate", "GATE_OPEN"), message{topic: "home/Lighting//gate_entry//gw/C", payload: "LIGHT_ON", qos: 1})
	u.say(command(open, "GATE_CLOSE"))
	u.await("the gate can't be closed",
		at("Gate", `{"action":"GATE_CLOSE","response":"REJECTED","reason":"entry: gate: can't be set to false, want true"}`))
	u.say(command("///receiver", `{"action":"SET","power":true,"volume":7}`))
	u.await("the receiver is set", view("receiver", "values", `{"power":true,"volume":7,"input":null}`))

	intercom.Close()
	os.Remove(port)
	avr.end()
	gateway.says("device=entry…the port is gone")
	gateway.says("device=receiver…the other end has hung up")
	u.await("gone", view("entry", "values", `{"bell":null,"gate":null}`), view("receiver", "values", `{"power":null,"volume":null,"input":null}`))
	u.say(command(open, "GATE_OPEN"))
	for refused := false; !refused; {
		m, ok := u.hear(patience)
		if !ok {
			t.Fatal("a command to what is gone is not answered")
		}
		refused = m.topic == at("Gate", "").topic && strings.Contains(m.payload, `"response":"ERROR"`)
	}

	intercom = plugIn(t, port)
	avr.start(avr.address)
	u.await("back", view("receiver", "values", `{"power":true,"volume":7,"input":null}`))
	for _, device := range []string{"entry", "receiver"} {
		gateway.says(`msg="device online again" device=` + device)
		if lines := gateway.saidSince(0, `level=WARN…device=`+device); len(lines) != 1 {
			t.Errorf("%s was gone once, and the log says\n  %s", device, strings.Join(lines, "\n  "))
		}
	}
	fmt.Fprint(intercom, "10")
	u.await("the bell is heard again", at("Bell", "BELL_OFF"), view("entry", "values", `{"bell":false,"gate":null}`))
	gateway.stop()
}

// plugIn returns the equipment's end of a serial line whose port is found under a name.
func plugIn(t *testing.T, name string) *os.File {
	t.Helper()
	equipment, port := serialtest.Plug(t)
	if err := os.Symlink(port, name); err != nil {
		t.Fatal(err)
	}
	return equipment
}

// receiver plays a receiver that is reached by telnet.
type receiver struct {
	t       *testing.T
	address string
	done    sync.WaitGroup

	mu    sync.Mutex // guards what follows
	power string     // "": STANDBY
	level string     // "": 505
	open  []net.Conn
	at    net.Listener
}

func (r *receiver) start(address string) {
	r.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.at, r.address = listener, listener.Addr().String()
	r.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.open = append(r.open, conn)
			r.mu.Unlock()
			r.done.Go(func() { r.serve(conn) })
		}
	})
}

// serve answers over a connection until it ends.
func (r *receiver) serve(conn io.ReadWriter) {
	for lines := bufio.NewReader(conn); ; {
		line, err := lines.ReadString('\r')
		if err != nil {
			return
		}
		r.mu.Lock()
		switch value := strings.TrimSuffix(line[2:], "\r"); line[:2] {
		case "PW":
			if value != "?" {
				r.power = value
			}
			fmt.Fprintf(conn, "PW%s\r", cmp.Or(r.power, "STANDBY"))
		case "MV":
			if value != "?" {
				r.level = strings.TrimSuffix(value, "0")
			}
			fmt.Fprintf(conn, "MV%s\rMVMAX 98\r", cmp.Or(r.level, "505"))
		case "SI":
			fmt.Fprintf(conn, "SI%s\r", value)
		}
		r.mu.Unlock()
	}
}

// end hangs up, and answers no more calls.
func (r *receiver) end() {
	r.at.Close()
	r.mu.Lock()
	for _, conn := range r.open {
		conn.Close()
	}
	r.open = nil
	r.mu.Unlock()
	r.done.Wait()
}
