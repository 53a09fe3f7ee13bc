package profiles_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// counterparts play a recording to a device of a type. They return what a user of the profile gives to reach them.
var counterparts = map[string]func(t *testing.T, profile string, entries []recording.Entry) map[string]any{
	"tcp": playTCP, "serial": playSerial, "http": playHTTP, "snmp": playSNMP, "exec": playFiles, "feed": playProgram, "modbus": playModbus,
}

// answers are what a recording has come in behind each text that was sent; "" is what has come in by itself. An entry without a text
// begins a connection.
func answers(entries []recording.Entry) map[string][][]byte {
	all, sent := make(map[string][][]byte), ""
	for _, e := range entries {
		switch {
		case e.Out != nil:
			sent = string(e.Out)
			all[sent] = nil
		case e.In != nil:
			all[sent] = append(all[sent], e.In)
		}
	}
	return all
}

// converse plays one end of a connection: it says what has come in by itself, and answers what was sent. It ends with the connection.
func converse(t *testing.T, conn io.ReadWriter, entries []recording.Entry) {
	all := answers(entries)
	say := func(said [][]byte) {
		for _, b := range said {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	}
	say(all[""])
	delete(all, "")
	if len(all) == 0 { // nothing is asked; a serial port that is not open yet may send back what it gets
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	var came []byte
	for b := make([]byte, 4096); ; {
		n, err := conn.Read(b)
		came = append(came, b[:n]...)
		for len(came) > 0 {
			known, whole := false, false
			for sent, answer := range all {
				if bytes.HasPrefix(came, []byte(sent)) {
					came, known, whole = came[len(sent):], true, true
					say(answer)
					break
				}
				known = known || strings.HasPrefix(sent, string(came))
			}
			if !known {
				t.Errorf("the device sends %q, which is not in the recording", came)
				return
			}
			if !whole {
				break
			}
		}
		if err != nil {
			return
		}
	}
}

// playTCP plays a box that is connected to.
func playTCP(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, listener, func(conn net.Conn) { converse(t, conn, entries) })
	return map[string]any{"address": listener.Addr().String()}
}

// serve has f speak on each connection to a listener, until the test ends.
func serve(t *testing.T, listener net.Listener, f func(net.Conn)) {
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				f(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
}

// playSerial plays what is at the other end of a serial line. It speaks again and again: what is said before the port is open is lost.
func playSerial(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	equipment, path := serialtest.Plug(t)
	by := bytes.Join(answers(entries)[""], nil)
	over := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { converse(t, equipment, entries) })
	running.Go(func() {
		again := time.NewTicker(200 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				_, _ = equipment.Write(by)
			case <-over:
				return
			}
		}
	})
	t.Cleanup(func() {
		close(over)
		equipment.Close()
		running.Wait()
	})
	return map[string]any{"port": path}
}

// playHTTP plays a server: what is sent are a method and a path, what comes in is a body.
func playHTTP(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	all := answers(entries)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := all[r.Method+" "+r.URL.RequestURI()]
		if !known {
			t.Errorf("the device sends %s %s, which is not in the recording", r.Method, r.URL.RequestURI())
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(bytes.Join(answer, nil))
	}))
	t.Cleanup(server.Close)
	return map[string]any{"base": server.URL}
}

// playSNMP plays an agent: what is sent are OIDs, what comes in are a number or a text in quotes.
func playSNMP(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	objects := make(map[string]gosnmp.SnmpPDU)
	for oid, answer := range answers(entries) {
		if oid == "" {
			continue
		}
		said := string(bytes.Join(answer, nil))
		o := gosnmp.SnmpPDU{Name: "." + oid, Type: gosnmp.OctetString}
		if number, err := strconv.Atoi(said); err == nil {
			o.Type, o.Value = gosnmp.Integer, number
		} else if text, err := strconv.Unquote(said); err == nil {
			o.Value = text
		} else {
			t.Fatalf("%s: %s, want a number or a text in quotes", oid, said)
		}
		objects[o.Name] = o
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for b := make([]byte, 65535); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(bytes.Clone(b[:n]))
			if err != nil {
				t.Error(err)
				continue
			}
			p.PDUType = gosnmp.GetResponse
			for i, v := range p.Variables {
				if o, there := objects[v.Name]; there {
					p.Variables[i] = o
				} else {
					p.Variables[i] = gosnmp.SnmpPDU{Name: v.Name, Type: gosnmp.NoSuchObject}
				}
			}
			answer, err := p.MarshalMsg()
			if err != nil {
				t.Error(err)
				continue
			}
			_, _ = conn.WriteTo(answer, from)
		}
	})
	t.Cleanup(func() {
		conn.Close()
		running.Wait()
	})
	return map[string]any{"target": conn.LocalAddr().String()}
}

// playFiles plays a folder of the system: what is sent are paths, what comes in is what a file holds.
func playFiles(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	folder := t.TempDir()
	for path, answer := range answers(entries) {
		if path == "" {
			continue
		}
		path = filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Join(answer, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]any{"folder": folder}
}

// playProgram plays a program that many devices hear.
func playProgram(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	path := filepath.Join(t.TempDir(), "said")
	if err := os.WriteFile(path, bytes.Join(answers(entries)[""], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"line": map[string]any{"protocol": "feed", "run": []any{"sh", "-c", `while :; do cat "$1"; sleep 1; done`, "sh", path}}}
}

// playModbus plays a slave: what is sent are input or holding and the number of a register, what comes in are this register and those
// behind it. All others do not exist.
func playModbus(t *testing.T, _ string, entries []recording.Entry) map[string]any {
	functions := map[string]byte{"holding": 3, "input": 4}
	registers := make(map[byte]map[int]uint16)
	for place, answer := range answers(entries) {
		if place == "" {
			continue
		}
		var kind string
		var at int
		if _, err := fmt.Sscan(place, &kind, &at); err != nil || functions[kind] == 0 {
			t.Fatalf("%q, want input or holding and a number", place)
		}
		kept := registers[functions[kind]]
		if kept == nil {
			kept = make(map[int]uint16)
			registers[functions[kind]] = kept
		}
		for word := range slices.Chunk(bytes.Join(answer, nil), 2) {
			kept[at] = binary.BigEndian.Uint16(word)
			at++
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, listener, func(conn net.Conn) {
		for request := make([]byte, 12); ; { // a header of 7 bytes, a function, and two numbers
			if _, err := io.ReadFull(conn, request); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Logf("the connection of the slave: %v", err)
				}
				return
			}
			answer := read(registers[request[7]], int(binary.BigEndian.Uint16(request[8:])), int(binary.BigEndian.Uint16(request[10:])))
			if answer == nil {
				answer = []byte{request[7] | 0x80, 2} // illegal address
			} else {
				answer = slices.Concat([]byte{request[7], byte(len(answer))}, answer)
			}
			frame := slices.Concat(request[:4], binary.BigEndian.AppendUint16(nil, uint16(1+len(answer))), request[6:7], answer)
			if _, err := conn.Write(frame); err != nil {
				return
			}
		}
	})
	return map[string]any{"unit": 1, "line": map[string]any{"protocol": "modbus-tcp", "address": listener.Addr().String()}}
}

// read returns some of the registers that a slave keeps; nil if it does not keep all of them.
func read(kept map[int]uint16, at, count int) (all []byte) {
	for i := range cmp.Or(count, 1) {
		word, there := kept[at+i]
		if !there {
			return nil
		}
		all = binary.BigEndian.AppendUint16(all, word)
	}
	return all
}
