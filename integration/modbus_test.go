package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pymodbus are the slaves of a script in testdata, a program of another make. Debian's Python has what it needs.
type pymodbus struct {
	*program
	t      *testing.T
	script string
	args   []string
}

// startSlaves starts the slaves of a script, at a TCP port or a serial one.
func startSlaves(t *testing.T, script string, args ...string) *pymodbus {
	t.Helper()
	s := &pymodbus{t: t, script: script, args: args}
	s.start()
	return s
}

func (s *pymodbus) start() {
	s.t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", s.script))
	if err != nil {
		s.t.Fatal(err)
	}
	s.program = startProgram(s.t, s.t.TempDir(), "/usr/bin/python3", nil, append([]string{script}, s.args...)...)
	if _, _, ok := s.lines.find(0, patience, func(line string) bool { return line == "serving" }); !ok {
		s.t.Fatal("these tests need pymodbus for /usr/bin/python3 (apt-get install python3-pymodbus python3-serial-asyncio)")
	}
}

const meterAndHeatpump = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - name: meter
    type: modbus
    retry: {min: 100ms, max: 300ms}
    params:
      {line: LINE, unit: 1, every: 200ms, probe: {input: 0, type: float32, between: [50, 300]}, points: [
        {id: voltage, input: 0, type: float32, unit: V, class: voltage},
        {id: power, input: 52, type: float32, unit: W, class: power},
        {id: import, input: 72, type: float32, unit: kWh, class: energy, state: total_increasing}]}
  - name: heatpump
    type: modbus
    retry: {min: 100ms, max: 300ms}
    reply: always
    params:
      {line: LINE, unit: 2, every: 200ms, points: [
        {id: outside, input: 16, type: int16, scale: 0.1, unit: °C, class: temperature, unknown: [0x8000]},
        {id: setpoint, holding: 100, type: int16, scale: 0.1, unit: °C, class: temperature, min: 5, max: 60, step: 0.5, write: {verify: true, after: 10ms}},
        {id: mode, holding: 101, enum: {0: "off", 1: heat, 2: cool, 4: auto}, write: true},
        {id: pump, coil: 3, write: true, words: {true: PUMP_ON, false: PUMP_OFF}, function: Heating, device: Pump},
        {id: fault, holding: 110, bit: 5, write: {verify: true}},
        {id: stage, holding: 110, bits: 8-10},
        {id: factor, holding: 120, type: float64, order: DCBA},
        {id: firmware, holding: 200, type: string, registers: 4, category: diagnostic},
        {id: nothing, holding: 500},
        {id: lift, value: '$setpoint - $outside', unit: K}]}
  - name: silent
    type: modbus
    retry: {min: 2s, max: 60s}
    reply: always
    params: {line: LINE, unit: 9, every: 200ms, points: [{id: relay, coil: 0, write: true}]}
`

// TestModbus connects the real program to pymodbus over TCP and over a serial line, with three units of which one is silent, has the
// counterpart die and come back, and on the serial line pulls out the plug as well.
func TestModbus(t *testing.T) {
	t.Parallel()
	for how, connect := range map[string]func(t *testing.T) (line string, slaves *pymodbus, plug *adapter){
		"tcp": func(t *testing.T) (string, *pymodbus, *adapter) {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := free.Addr().String()
			free.Close()
			_, port, _ := net.SplitHostPort(address)
			return fmt.Sprintf("{name: cellar, protocol: modbus-tcp, address: %q, timeout: 500ms}", address), startSlaves(t, "slaves.py", "tcp", port), nil
		},
		"rtu": func(t *testing.T) (string, *pymodbus, *adapter) {
			a := &adapter{t: t, dir: t.TempDir()}
			a.start()
			slaves := startSlaves(t, "slaves.py", "rtu", a.dir+"/theirs")
			a.plugIn()
			return fmt.Sprintf("{name: cellar, protocol: modbus-rtu, port: %q, baud: 115200, timeout: 500ms, guard: 50ms, latency: 5ms}", a.port()), slaves, a
		},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			line, slaves, plug := connect(t)
			talkToSlaves(t, line, slaves, plug)
		})
	}
}

// adapter is a serial line, by socat. The equipment's end is called theirs, and that of the gateway has its name while it is plugged in.
type adapter struct {
	*program
	t   *testing.T
	dir string
}

func (a *adapter) start() {
	a.t.Helper()
	a.program = startProgram(a.t, a.dir, "socat", nil, "-d", "-d", "pty,raw,echo=0,ignoreeof,link=ours", "pty,raw,echo=0,ignoreeof,link=theirs")
	a.says("starting data transfer loop")
}

func (a *adapter) port() string { return a.dir + "/usb-port0" }

func (a *adapter) plugIn() {
	a.t.Helper()
	ours, err := os.Readlink(a.dir + "/ours")
	if err == nil {
		err = os.Symlink(ours, a.port())
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *adapter) pullOut() {
	a.t.Helper()
	if err := os.Remove(a.port()); err != nil {
		a.t.Fatal(err)
	}
	a.kill()
}

func talkToSlaves(t *testing.T, line string, slaves *pymodbus, plug *adapter) {
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", strings.ReplaceAll(meterAndHeatpump, "LINE", line))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)

	values := func(device, payload string) message {
		return message{topic: "home/$gateway/gw/" + device + "/values", payload: payload, qos: 1}
	}
	heatpump := func(setpoint, mode, pump, fault, lift string) message {
		return values("heatpump", `{"outside":-4.5,"setpoint":`+setpoint+`,"mode":"`+mode+`","pump":`+pump+`,"fault":`+fault+
			`,"stage":5,"factor":3.5,"firmware":"SIM 4.1","nothing":null,"lift":`+lift+`}`)
	}
	answer := func(to, payload string) message {
		return message{topic: "home/" + to + "/gw/S", payload: payload, qos: 1}
	}
	command := func(to, payload string) message {
		return message{topic: "home/" + to + "/me/C", payload: payload, qos: 1}
	}

	// All is read, from two units of three.
	meter := values("meter", `{"voltage":230.1,"power":-1234.5,"import":99.25}`)
	u.await("at the beginning", meter, heatpump("21.5", "auto", "false", "true", "26"),
		answer("Heating///Pump", "PUMP_OFF"), answer("Heating///Pump", `{"action":"STATE","pump":false}`))
	gateway.says("level=WARN … device=silent … unit 9: no answer within 500ms")
	gateway.says("device=heatpump … nothing (holding 500) never had a value, in 3 polls: unit 2: read 1 holding register at 500: exception 2")

	// Commands are done, refused, and answered at once for the one that is away.
	u.say(command("///heatpump", `{"action":"SET","setpoint":23.5,"mode":"cool","fault":false}`))
	u.await("several are set", answer("///heatpump", `{"action":"SET","response":"OK"}`), heatpump("23.5", "cool", "false", "false", "28"))
	u.say(command("Heating///Pump", "PUMP_ON"))
	u.await("a word", answer("Heating///Pump", `{"action":"PUMP_ON","response":"OK"}`), answer("Heating///Pump", "PUMP_ON"), heatpump("23.5", "cool", "true", "false", "28"))
	u.say(command("///heatpump", `{"action":"SET","setpoint":70}`))
	u.await("too much", answer("///heatpump", `{"action":"SET","response":"REJECTED","reason":"heatpump: setpoint: 70 is above 60 °C"}`))
	refuses := func(device, change string) {
		t.Helper()
		u.say(command("///"+device, `{"action":"SET",`+change+`}`))
		for refused := false; !refused; {
			m, ok := u.hear(patience)
			if !ok {
				t.Fatalf("a command to %s is not answered", device)
			}
			refused = m.topic == "home////"+device+"/gw/S" && strings.Contains(m.payload, `"response":"ERROR"`)
		}
	}
	refuses("silent", `"relay":true`)

	// goAndComeBack has the log tell once that each device is gone and back or, if lineBreaks, that their line is.
	goAndComeBack := func(what string, lineBreaks bool, leave, back func()) {
		t.Helper()
		gone, online := []string{}, []string{}
		for _, device := range []string{"meter", "heatpump"} {
			gone = append(gone, "level=WARN … device="+device+" ")
			online = append(online, `msg="device online again" device=`+device)
		}
		if lineBreaks {
			gone, online = []string{`level=WARN msg="line down…line=`}, []string{`msg="line up again" line=`}
		}
		began := gateway.lines.len()
		leave()
		for _, text := range gone {
			gateway.saysSince(began, text)
		}
		for end := time.Now().Add(*equipmentAway); time.Now().Before(end); {
			refuses("heatpump", `"mode":"heat"`)
			u.hear(100 * time.Millisecond)
		}
		back()
		for _, text := range online {
			gateway.saysSince(began, text)
		}
		for _, text := range slices.Concat(gone, online) {
			if lines := gateway.saidSince(began, text); len(lines) > 1 {
				t.Errorf("%s once, and the log says\n  %s", what, strings.Join(lines, "\n  "))
			}
		}
	}
	goAndComeBack("the slaves are killed", plug == nil, slaves.kill, slaves.start) // nobody takes calls over TCP then
	u.await("the slaves are new", heatpump("21.5", "auto", "false", "true", "26"))
	u.say(command("///heatpump", `{"action":"SET","setpoint":24}`))
	u.await("set again", answer("///heatpump", `{"action":"SET","response":"OK"}`), heatpump("24", "auto", "false", "true", "28.5"))
	if plug != nil {
		goAndComeBack("the plug is pulled out", true, func() { plug.pullOut(); slaves.kill() }, func() {
			plug.start()
			slaves.start()
			plug.plugIn()
		})
		u.await("plugged in", heatpump("21.5", "auto", "false", "true", "26"))
	}
	if lines := gateway.saidSince(0, "level=WARN … device=silent "); len(lines) > 2 { // the first, and the sum of those in between
		t.Errorf("the silent one is said to be away %d times:\n  %s", len(lines), strings.Join(lines, "\n  "))
	}
	gateway.stop()
}

// saysSince waits for a line from line n on that contains text.
func (p *program) saysSince(n int, text string) {
	p.t.Helper()
	if _, _, ok := p.lines.find(n, patience, pattern(text).MatchString); !ok {
		p.t.Fatalf("the program has not said %q since then", text)
	}
}
