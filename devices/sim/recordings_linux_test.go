package sim_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/exec"
	_ "github.com/mqttgateway/mqttgateway/devices/feed"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	_ "github.com/mqttgateway/mqttgateway/devices/serial"
	_ "github.com/mqttgateway/mqttgateway/devices/sim"
	_ "github.com/mqttgateway/mqttgateway/devices/tcp"
	_ "github.com/mqttgateway/mqttgateway/devices/udp"
)

// TestRecordings records what equipment says to a stream of each type, and has it heard again, at various speeds.
func TestRecordings(t *testing.T) {
	const frames = `frame: {end: "\n"}, `
	const text = `points: [{id: t, match: '^T=(\d+)$'}]`
	const document = `decode: json, points: [{id: t, value: .t}]`
	const program = `run: [sh, -c, 'for t in 1 2 3; do echo "T=$t"; sleep 0.05; done; exec sleep 600']`
	const documents = `run: [sh, -c, 'for t in 1 2 3; do echo "{\"t\":$t}"; sleep 0.05; done; exec sleep 600']`
	const hello = `run: [sh, -c, 'echo "{\"hello\":{\"protocol\":1},\"entities\":[{\"id\":\"t\",\"kind\":\"number\"}]}";
		for t in 1 2 3; do echo "{\"values\":{\"t\":$t}}"; sleep 0.05; done; read -r open; read -r stop']`
	for name, row := range map[string]struct {
		typ, live string // what the device is while it is recorded
		replayed  string // what it is when it is replayed
		says      string // what the equipment says of a value; "": it is a program
	}{
		"serial":    {"serial", "port: AT, " + frames + text, frames + text, "T=%d\n"},
		"tcp":       {"tcp", "address: AT, " + frames + text, frames + text, "T=%d\n"},
		"listener":  {"tcp", "listen: AT, " + frames + text, frames + text, "T=%d\n"},
		"udp":       {"udp", "listen: AT, " + document, document, `{"t":%d}`},
		"text":      {"exec", program + ", decode: text, " + text, text, ""},
		"documents": {"exec", documents + ", " + document, document, ""},
		"protocol":  {"exec", hello, `decode: json, points: [{id: t, value: .values.t}]`, ""},
		"feed":      {"feed", "line: {protocol: feed, " + documents + "}, points: [{id: t, value: .t}]", document, ""},
		"line":      {"feed", "line: {protocol: feed, record: TAPE, " + documents + "}, points: [{id: t, value: .t}]", document, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tape := filepath.Join(t.TempDir(), "tape.jsonl")
			at, say := equipment(t, name)
			live := strings.NewReplacer("AT", at, "TAPE", tape).Replace(row.live)
			if !strings.Contains(live, tape) {
				live += ", record: " + tape
			}
			d := devicetest.Start(t, row.typ, params(t, row.typ, live))
			for value := 1; value <= 3; value++ {
				if row.says != "" {
					fmt.Fprintf(say(), row.says, value)
				}
				if err := d.Await("t", value, 5*time.Second); err != nil {
					t.Fatalf("while it is recorded: %v", err)
				}
			}
			_ = d.Close()
			for _, speed := range []string{"0.5", "1", "1000"} {
				synctest.Test(t, func(t *testing.T) {
					d := devicetest.Start(t, "sim", params(t, "sim", "replay: "+tape+", speed: "+speed+", "+row.replayed))
					for _, value := range []int{1, 2, 3, 1} { // and from the beginning again
						if err := d.Await("t", value, time.Minute); err != nil {
							t.Fatalf("at speed %s: %v", speed, err)
						}
					}
				})
			}
		})
	}
}

// equipment returns where a device finds equipment, and what is written to so that the device hears it.
func equipment(t *testing.T, kind string) (at string, say func() io.Writer) {
	t.Helper()
	switch kind {
	case "serial":
		equipment, port := serialtest.Plug(t)
		return port, func() io.Writer { return equipment }
	case "tcp":
		listener := listen(t)
		t.Cleanup(func() { listener.Close() })
		return fmt.Sprintf("%q", listener.Addr()), once(t, listener.Accept)
	case "listener":
		listener := listen(t)
		listener.Close()
		at := listener.Addr().String()
		return fmt.Sprintf("%q", at), once(t, func() (net.Conn, error) { return net.Dial("tcp", at) })
	case "udp":
		socket, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		socket.Close()
		at := socket.LocalAddr().String()
		return fmt.Sprintf("%q", at), once(t, func() (net.Conn, error) { return net.Dial("udp", at) })
	}
	return "", nil
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// once returns the connection that is opened when the equipment says something for the first time.
func once(t *testing.T, open func() (net.Conn, error)) func() io.Writer {
	return sync.OnceValue(func() io.Writer {
		conn, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	})
}

// params returns the params of a device, from YAML.
func params(t *testing.T, typ, yaml string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices("- {name: d, type: " + typ + ", params: {" + yaml + "}}")
	if err != nil {
		t.Fatal(err)
	}
	return list[0].Params
}
