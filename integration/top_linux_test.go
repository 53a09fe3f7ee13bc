package integration

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// TestTop looks at a gateway by gateway top on a terminal, as a person does: makes its window narrower, and ends it with Ctrl-C, after
// which the terminal is as it was.
func TestTop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "gw.yaml", `
gateway: {name: gw}
mqtt: {broker: embedded}
embedded: {address: "127.0.0.1:0"}
health: {socket: h.sock}
mapping: {root: home, topics: [home/+/+/+/+/+/C]}
devices:
  - {name: lamp, type: dummy, params: {port: none, interval: 0}}
  - {name: meter, type: tcp, params: {address: "127.0.0.1:1", frame: {end: "\\n"}, points: [{id: p, match: '^(\\d+)$'}]}}
`)
	gateway := start(t, dir, "gateway", "run", "--config", path)
	gateway.says(`msg="device failed" device=meter`)
	gateway.says("msg=connected")

	mine, theirs := serialtest.Plug(t)
	tty, err := os.OpenFile(theirs, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	resize := func(columns, rows uint16) {
		t.Helper()
		if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
			t.Fatal(err)
		}
	}
	mode := func() unix.Termios {
		t.Helper()
		m, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return *m
	}
	resize(100, 12)
	before := mode()

	top := newProgram(t, dir, programs+"/gateway", nil, "top", "--config", path)
	top.cmd.Stdin, top.cmd.Stdout, top.cmd.Stderr = tty, tty, tty
	top.cmd.SysProcAttr.Setsid, top.cmd.SysProcAttr.Setctty = true, true // so that the terminal sends it signals
	top.begin()
	var screens tape[string] // each with its lines
	go func() {              // ends when the terminal is closed
		var text []byte
		for buffer := make([]byte, 4096); ; {
			n, err := mine.Read(buffer)
			if err != nil {
				screens.add(string(text))
				screens.end()
				return
			}
			text = append(text, buffer[:n]...)
			for {
				screen, rest, whole := strings.Cut(string(text), "\x1b[J")
				if !whole {
					break
				}
				screens.add(screen)
				text = []byte(rest)
			}
		}
	}()
	shows := func(what string, fits func(lines []string) bool) {
		t.Helper()
		if _, _, ok := screens.find(0, patience, func(s string) bool { return fits(strings.Split(s, "\n")) }); !ok {
			all, _, _ := screens.from(max(0, screens.len()-1))
			t.Fatalf("the terminal does not show %s, but %q", what, all)
		}
	}
	shows("the meter that is down first, and why", func(lines []string) bool {
		return len(lines) == 12 && strings.Contains(lines[4], "meter") && strings.Contains(lines[4], "offline") &&
			strings.Contains(lines[4], "opening: dial tcp") && strings.Contains(strings.Join(lines[5:], "\n"), "lamp ")
	})
	resize(40, 20)
	shows("a narrow screen", func(lines []string) bool {
		return len(lines) == 20 && !strings.Contains(lines[4], "opening: dial tcp")
	})
	if m := mode(); m.Lflag&unix.ECHO != 0 {
		t.Error("keys are seen")
	}
	if _, err := mine.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if status := top.exit(); status != "exit status 0" {
		t.Errorf("Ctrl-C ends it with %s", status)
	}
	if m := mode(); m != before {
		t.Errorf("the terminal's mode is %+v, and was %+v", m, before)
	}
	gateway.stop()
}
