package lines_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/devicetest"
)

// cable connects the example's slaves with those who ask: unit 9 never answers.
var cable struct {
	mu    sync.Mutex
	open  []net.Conn
	loose bool // it can't be opened once
}

// equipment connects to the slaves on a line.
func equipment(port string) (net.Conn, error) {
	cable.mu.Lock()
	defer cable.mu.Unlock()
	if cable.loose {
		cable.loose = false
		return nil, errors.New("no such port")
	}
	ours, theirs := net.Pipe()
	cable.open = append(cable.open, theirs)
	go func() { // ends with the connection
		for asked := bufio.NewScanner(theirs); asked.Scan(); {
			if unit := asked.Text(); unit != "9" {
				fmt.Fprintf(theirs, "%s00\n", unit)
			}
		}
		theirs.Close()
	}()
	return ours, nil
}

// pull breaks the connections that there are, so that a line goes down: it can't be opened again at once.
func pull() {
	cable.mu.Lock()
	defer cable.mu.Unlock()
	for _, conn := range cable.open {
		conn.Close()
	}
	cable.open, cable.loose = nil, true
}

// A device on a line keeps what every device has to keep, alone and beside another one on its line, and its type's example is right.
func TestRules(t *testing.T) {
	on := map[string]any{"name": "cellar", "protocol": "rs485", "port": "/dev/ttyUSB0"}
	devicetest.RunType(t, "slave", map[string]any{"line": on, "unit": 1},
		devicetest.Beside(map[string]any{"line": on, "unit": 2}),
		devicetest.Mute(map[string]any{"line": on, "unit": 9}),
		devicetest.Break(pull))
}
