//go:build unix

package integration

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	"github.com/mqttgateway/mqttgateway/internal/loopback"
)

// cable is a serial line that socat plays: a port that is found under a name, and the equipment at its other end.
type cable struct {
	t         *testing.T
	port      string // the name of the port
	equipment *os.File
	socat     *exec.Cmd
}

// plug plays a serial line until unplug, or the end of the test.
func plug(t *testing.T, port string) *cable {
	t.Helper()
	c := &cable{t: t, port: port}
	other := filepath.Join(t.TempDir(), "equipment")
	c.socat = exec.Command("socat", "pty,raw,echo=0,link="+port, "pty,raw,echo=0,link="+other)
	mortal(c.socat)
	if err := c.socat.Start(); err != nil {
		t.Fatalf("please install socat: %v", err)
	}
	t.Cleanup(c.unplug)
	for deadline := time.Now().Add(patience); ; {
		_, err := os.Stat(port)
		if err == nil {
			c.equipment, err = os.OpenFile(other, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
		}
		if err == nil {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("socat makes no line: %v", err)
		}
		time.Sleep(time.Millisecond) // socat tells nobody that it has begun
	}
}

// unplug ends the line, with its names.
func (c *cable) unplug() {
	if c.socat == nil {
		return
	}
	c.equipment.Close()
	_ = c.socat.Process.Signal(syscall.SIGTERM) // so that it takes its names away
	_ = c.socat.Wait()
	c.socat = nil
}

// number is the name that the system has for the port.
func (c *cable) number() string {
	c.t.Helper()
	name, err := filepath.EvalSymlinks(c.port)
	if err != nil {
		c.t.Fatal(err)
	}
	return name
}

// says sends what equipment says.
func (c *cable) says(text string) {
	c.t.Helper()
	if _, err := c.equipment.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits for what equipment is sent.
func (c *cable) hears(want string) {
	c.t.Helper()
	_ = c.equipment.SetReadDeadline(time.Now().Add(patience))
	for got := ""; got != want; {
		b := make([]byte, 100)
		n, err := c.equipment.Read(b)
		if got += string(b[:n]); err != nil || !strings.HasPrefix(want, got) {
			c.t.Fatalf("the equipment got %q, %v, want %q", got, err, want)
		}
	}
}

// lamp is equipment that says P0 or P1 when it is asked by P? or told by either.
type lamp struct {
	mu sync.Mutex
	on string
}

func (l *lamp) answer(line string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line != "P?" {
		l.on = line[1:]
	}
	return "P" + l.on + "\n"
}

// serve answers over a connection until it ends.
func (l *lamp) serve(conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Fprint(conn, l.answer(lines.Text()))
	}
}

// lampServer has a lamp that is called, and hangs up for all when it ends.
func lampServer(t *testing.T, l *lamp, address string) (end func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			done.Go(func() { l.serve(conn) })
		}
	})
	return sync.OnceFunc(func() { cancel(); listener.Close(); done.Wait() })
}

// lampCalls has a lamp that calls, until it ends.
func lampCalls(t *testing.T, l *lamp, address string) (end func()) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); l.serve(conn) }()
	return sync.OnceFunc(func() { conn.Close(); <-done })
}

// lampDatagrams has a lamp that answers datagrams, until it ends.
func lampDatagrams(t *testing.T, l *lamp, address string) (end func()) {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 100); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo([]byte(strings.TrimSpace(l.answer(string(b[:n])))), from)
		}
	}()
	return sync.OnceFunc(func() { conn.Close(); <-done })
}

const lamps = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: wired, type: serial, retry: {min: 100ms, max: 300ms}, reply: always, params: {port: PORT, frame: {end: "\n"}, ask: [{send: "P?"}], POINTS}}
  - {name: called, type: tcp, retry: {min: 100ms, max: 300ms}, reply: always, params: {address: "CALLED", frame: {end: "\n"}, ask: [{send: "P?"}], POINTS}}
  - {name: caller, type: tcp, reply: always, params: {listen: "LISTEN", frame: {end: "\n"}, ask: [{send: "P?"}], POINTS}}
  - {name: datagrams, type: udp, retry: {min: 100ms, max: 300ms}, reply: always, params: {address: "UDP", silent: 1s, ask: [{send: "P?", every: 200ms}], POINTS}}
`

const lampPoints = `points: [{id: power, match: '^P([01])$', kind: bool, words: {true: LAMP_ON, false: LAMP_OFF}, send: {true: P1, false: P0}, answer: {match: '^P', within: 5s}}]`

// TestStreams has one lamp on a serial line, one that is called, one that calls, and one that answers datagrams. All of them go away for a while
// and come back, the serial one at a port with another number.
func TestStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free := func() string {
		address, release, err := loopback.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		return address
	}
	called, caller, datagrams := free(), free(), free()
	all := map[string]*lamp{"wired": {on: "0"}, "called": {on: "0"}, "caller": {on: "0"}, "datagrams": {on: "0"}}
	port := filepath.Join(dir, "by-id-lamp")
	var line *cable
	plugIn := func() {
		line = plug(t, port)
		here := line
		go func() {
			for lines := bufio.NewScanner(here.equipment); lines.Scan(); {
				_, _ = here.equipment.WriteString(all["wired"].answer(lines.Text()))
			}
		}()
	}
	plugIn()
	endCalled, endDatagrams := lampServer(t, all["called"], called), lampDatagrams(t, all["datagrams"], datagrams)
	defer func() { endCalled(); endDatagrams() }()

	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/gw/+/values", "home/$gateway/gw/+/state")
	config := write(t, dir, "gateway.yaml", strings.NewReplacer("PORT", port, "CALLED", called, "LISTEN", caller, "UDP", datagrams, "POINTS", lampPoints).Replace(lamps))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says(`msg="device online" device=caller`)
	endCaller := lampCalls(t, all["caller"], caller)
	defer func() { endCaller() }()

	each := func(make func(device string) message) (messages []message) {
		for device := range all {
			messages = append(messages, make(device))
		}
		return messages
	}
	values := func(power string) func(string) message {
		return func(device string) message {
			return message{topic: "home/$gateway/gw/" + device + "/values", payload: `{"power":` + power + `}`, qos: 1}
		}
	}
	says := func(payload string) func(string) message {
		return func(device string) message {
			return message{topic: "home////" + device + "/gw/S", payload: payload, qos: 1}
		}
	}
	tell := func(payload string) {
		for device := range all {
			u.say(message{topic: "home////" + device + "/me/C", payload: payload, qos: 1})
		}
	}
	u.await("all lamps are off", append(each(values("false")), each(says("LAMP_OFF"))...)...)
	tell("LAMP_ON")
	u.await("all are switched on by a word", append(append(each(values("true")), each(says("LAMP_ON"))...), each(says(`{"action":"LAMP_ON","response":"OK"}`))...)...)

	before := line.number()
	probed, err := exec.Command(filepath.Join(programs, "gateway"), "probe", "serial", port).CombinedOutput()
	holder := fmt.Sprintf("gateway (process %d)", gateway.cmd.Process.Pid)
	if err == nil || !strings.Contains(string(probed), "another program or device has it open: ") || !strings.Contains(string(probed), holder) {
		t.Errorf("a second program opens the port: %v, %s, want that it names %s", err, probed, holder)
	}

	line.unplug()
	endCalled()
	endCaller()
	endDatagrams()
	away := time.Now()
	u.await("all lamps are gone", each(values("null"))...)
	for _, device := range []string{"wired", "called", "datagrams"} {
		gateway.says("level=WARN…device=" + device)
	}
	gateway.says(`msg="box has hung up"`)
	tell(`{"action":"SET","power":false}`)
	refused := make(map[string]string)
	for len(refused) < len(all) {
		m, ok := u.hearAny(patience)
		if !ok {
			t.Fatalf("commands to what is gone are not answered, only %v", refused)
		}
		if _, reason, answer := strings.Cut(m.payload, `"reason":`); answer && !strings.Contains(m.payload, `"response":"OK"`) {
			refused[strings.Split(m.topic, "/")[4]] = reason
		}
	}
	for device, words := range map[string]string{"wired": "device offline", "called": "device offline", "datagrams": "device offline", "caller": "nobody is connected"} {
		if !strings.Contains(refused[device], words) {
			t.Errorf("%s is gone, and a command is answered %s", device, refused[device])
		}
	}
	time.Sleep(time.Until(away.Add(*equipmentAway))) // how long equipment is away is what the test is about

	for taken, n := "", 0; taken != before && n < 64; n++ { // 64: another test has taken the number that has become free
		_, taken = serialtest.Plug(t)
	}
	plugIn()
	if line.number() == before {
		t.Errorf("the port has the number that it had, %s", before)
	}
	endCalled, endDatagrams = lampServer(t, all["called"], called), lampDatagrams(t, all["datagrams"], datagrams)
	endCaller = lampCalls(t, all["caller"], caller)
	u.await("all are back, and on as they were", each(values("true"))...)
	tell(`{"action":"SET","power":false}`)
	u.await("all can be set again", append(each(values("false")), each(says(`{"action":"SET","response":"OK"}`))...)...)
	for _, device := range []string{"wired", "called", "datagrams"} {
		gateway.says(`msg="device online again" device=` + device)
		gone := gateway.saidSince(0, `msg="device failed" device=`+device)
		back := gateway.saidSince(0, `msg="device online again" device=`+device)
		if len(gone) != 1 || len(back) != 1 {
			t.Errorf("%s was gone once, and the log says\n  %s", device, strings.Join(append(gone, back...), "\n  "))
		}
	}
	for _, text := range []string{`msg="box has hung up"`, `msg="box has called"`} {
		if lines, want := gateway.saidSince(0, text), map[bool]int{true: 2, false: 1}[strings.Contains(text, "called")]; len(lines) != want {
			t.Errorf("the box has hung up once, and the log says\n  %s", strings.Join(lines, "\n  "))
		}
	}
	gateway.stop()
}
