package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	"github.com/mqttgateway/mqttgateway/views/api"
)

// playedTerminal is one at which the test sits.
type playedTerminal struct {
	t    *testing.T
	test *os.File // the test's end
	tty  *os.File // the program's end

	mu      sync.Mutex
	written []byte
	more    chan struct{} // has a token when more has been written
}

func newPlayedTerminal(t *testing.T) *playedTerminal {
	t.Helper()
	end, path := serialtest.Plug(t)
	tty, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	p := &playedTerminal{t: t, test: end, tty: tty, more: make(chan struct{}, 1)}
	go func() { // ends when the test's end is closed
		for buffer := make([]byte, 4096); ; {
			n, err := end.Read(buffer)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.written = append(p.written, buffer[:n]...)
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
		}
	}()
	return p
}

// resize gives the terminal another size. Only the programs of its session would get a signal of that: the test sends one to itself.
func (p *playedTerminal) resize(columns, rows uint16) {
	p.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		p.t.Fatal(err)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGWINCH); err != nil {
		p.t.Fatal(err)
	}
}

func (p *playedTerminal) mode() unix.Termios {
	p.t.Helper()
	mode, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *mode
}

// press presses keys.
func (p *playedTerminal) press(keys string) {
	p.t.Helper()
	if _, err := p.test.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// shows waits until the terminal shows a screen with that many lines of which the one at an index begins with what an expression matches.
func (p *playedTerminal) shows(lines, at int, expression string) (shown []string) {
	p.t.Helper()
	want := regexp.MustCompile("^" + expression)
	for late := time.After(patience); ; {
		p.mu.Lock()
		all := string(p.written)
		p.mu.Unlock()
		if end := strings.LastIndex(all, "\x1b[J"); end >= 0 {
			begin := strings.LastIndex(all[:end], "\x1b[H")
			shown = strings.Split(all[begin+len("\x1b[H"):end], "\x1b[K\r\n")
			if len(shown) == lines && want.MatchString(shown[at]) {
				return shown
			}
		}
		select {
		case <-p.more:
		case <-late:
			p.t.Fatalf("the terminal does not show %d lines with %q as the one at %d, but\n%s", lines, expression, at, strings.Join(shown, "\n"))
		}
	}
}

// playedGateway answers for a gateway at a health socket, with events that the test sends.
type playedGateway struct {
	t      *testing.T
	socket string
	server *http.Server
	events chan string
}

func (g *playedGateway) start(tree api.Tree) {
	g.t.Helper()
	listener, err := net.Listen("unix", g.socket)
	if err != nil {
		g.t.Fatal(err)
	}
	events := make(chan string) // of this life alone: what is left of the one before may look at g.events yet
	g.events = events
	mux := http.NewServeMux()
	encoded, err := json.Marshal(tree)
	if err != nil {
		g.t.Fatal(err)
	}
	mux.HandleFunc("GET /api/v1/tree", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(encoded) })
	mux.HandleFunc("GET /api/v1/devices", func(w http.ResponseWriter, _ *http.Request) {
		of := slices.DeleteFunc(slices.Clone(tree.Entries), func(e api.Entry) bool { return e.Kind != "device" })
		_ = json.NewEncoder(w).Encode(of)
	})
	mux.HandleFunc("GET /api/v1/devices/{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":404,"detail":"no such device"}`)
	})
	mux.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "retry: 1000\n\nevent: snapshot\ndata: %s\n\n", encoded)
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case e := <-events:
				fmt.Fprint(w, e)
			case <-r.Context().Done():
				return
			}
		}
	})
	g.server = &http.Server{Handler: mux}
	go g.server.Serve(listener) //nolint:errcheck // it is closed
	g.t.Cleanup(g.stop)
}

func (g *playedGateway) stop() { g.server.Close() }

// A person looks at ten thousand devices, makes the window smaller, looks on while the gateway is away, and has the terminal as it was.
func TestTopOnATerminal(t *testing.T) {
	g := &playedGateway{t: t, socket: filepath.Join(t.TempDir(), "h.sock")}
	tree := aTree(10_000)
	g.start(tree)
	p := newPlayedTerminal(t)
	p.resize(80, 24)
	before := p.mode()
	screen, ok := openTerminal(p.tty, p.tty)
	if !ok {
		t.Fatal("a terminal is none")
	}
	t.Setenv("NO_COLOR", "1")
	ended := make(chan error, 1)
	go func() {
		defer close(ended)
		ended <- watch(t.Context(), newAsker(g.socket), screen)
	}()
	t.Cleanup(func() { <-ended }) // before the terminal is closed

	shown := p.shows(24, 4, "boiler      offline")
	if !strings.HasPrefix(shown[1], "devices: 10002 online, 1 opening, 1 down") || !strings.HasPrefix(shown[23], "1-20 of 10007  q ends  s sorts") {
		t.Errorf("the screen is\n%s", strings.Join(shown, "\n"))
	}
	if mode := p.mode(); mode.Lflag&(unix.ECHO|unix.ICANON) != 0 || mode.Lflag&unix.ISIG == 0 {
		t.Errorf("the terminal's mode is %#x: want each key at once and unseen, and Ctrl-C as ever", mode.Lflag)
	}
	g.events <- "event: change\ndata: {\"kind\":\"device\",\"name\":\"boiler\",\"state\":\"online\"}\n\n"
	p.shows(24, 4, "gate        connecting")
	g.events <- "event: counts\ndata: {\"devices\":[[\"lamp-09999\",1,99.5]]}\n\n"
	p.press("s")
	p.shows(24, 3, "lamp-09999  online")
	p.press("\x1b[6~")
	p.shows(24, 23, "20-39 of 10007")
	p.resize(30, 10)
	p.shows(10, 9, "20-25 of 10007  q ends  s sor…")
	p.resize(100, 30)
	p.shows(30, 29, "20-45 of 10007")

	g.stop()
	p.shows(30, 1, "As it was [0-9]+s ago: (the gateway has ended|no gateway answers on )") // the first stands for a moment
	p.shows(30, 1, "As it was [1-9][0-9]*s ago: no gateway answers on ")
	tree.Gateway.Name = "garden"
	g.start(tree)
	p.shows(30, 0, "garden v1.2.3")
	p.shows(30, 1, "devices: 10002 online")

	p.press("q")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if mode := p.mode(); mode != before {
		t.Errorf("the terminal's mode is %+v, and was %+v", mode, before)
	}
	for late := time.After(patience); ; {
		p.mu.Lock()
		tidy := bytes.HasSuffix(p.written, []byte(endScreen)) && bytes.HasPrefix(p.written, []byte(beginScreen))
		p.mu.Unlock()
		if tidy {
			break
		}
		select {
		case <-p.more:
		case <-late:
			t.Fatal("the terminal does not show what it has shown before")
		}
	}
}

// What is no terminal is shown everything once; without a gateway there is an error.
func TestTopWithoutATerminal(t *testing.T) {
	g := &playedGateway{t: t, socket: filepath.Join(t.TempDir(), "h.sock")}
	got := execute(t, "", "top", "--health.socket", g.socket)
	if want := fmt.Sprintf("no gateway answers on %q: ", g.socket); got.status != 1 || !strings.Contains(got.stderr, want) || got.stdout != "" {
		t.Errorf("without a gateway: %+v, want %s", got, want)
	}
	g.start(aTree(3))
	got = execute(t, "", "top", "--health.socket", g.socket)
	lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
	if got.status != 0 || got.stderr != "" || len(lines) != 14 || strings.Contains(got.stdout, "\x1b") {
		t.Fatalf("%+v", got)
	}
	for at, text := range map[int]string{3: "NAME        STATE       FOR", 4: "link ", 5: "boiler ", 13: "lamp-00002 "} {
		if !strings.HasPrefix(lines[at], text) {
			t.Errorf("line %d is %q, want %q", at, lines[at], text)
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, "port0: no such file or directory") }) {
		t.Errorf("what is piped is cut:\n%s", got.stdout)
	}
}

// A gateway that takes a question and hangs is not waited for without end.
func TestEventsOfAGatewayThatHangs(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "h.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := openEvents(t.Context(), newAsker(socket), 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "time is up after 20ms") {
		t.Errorf("a gateway that hangs: %v", err)
	}
}

// For a device that there is not, inspect says which there are.
func TestInspectNobody(t *testing.T) {
	g := &playedGateway{t: t, socket: filepath.Join(t.TempDir(), "h.sock")}
	if got := execute(t, "", "inspect", "lamp", "--health.socket", g.socket); got.status != 1 || !strings.Contains(got.stderr, "no gateway answers on ") {
		t.Errorf("without a gateway: %+v", got)
	}
	g.start(aTree(9))
	const want = `no device "boilr"; did you mean boiler? (have ["bell" "boiler" "gate" "lamp-00000" "lamp-00001" "lamp-00002" "lamp-00003" "lamp-00004" "lamp-00005" "lamp-00006"] and 3 more)`
	if got := execute(t, "", "inspect", "boilr", "--health.socket", g.socket); got.status != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("got %+v, want %s", got, want)
	}
}
