package poller_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/examples/poller/poller"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slave plays the heat pump: three registers from 0x10 on, and coil 3.
type slave struct {
	mu        sync.Mutex
	registers [3]uint16
	coil      bool
	mood      string // "": well; "refuses", "hangs up", "babbles"
}

// plugIn lets a slave listen, for one connection after the other, until the test ends.
func plugIn(t *testing.T, s *slave) (address string) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { port.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := port.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
			conn.Close()
		}
	}()
	return port.Addr().String()
}

func (s *slave) serve(conn net.Conn) {
	for {
		request := make([]byte, 12)
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		answer := s.answer(request)
		if answer == nil {
			return
		}
		_, _ = conn.Write(answer)
	}
}

func (s *slave) answer(request []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := []byte{}
	switch function, first := request[7], binary.BigEndian.Uint16(request[8:]); {
	case s.mood == "hangs up":
		return nil
	case s.mood == "babbles":
		return append([]byte{9, 9, 0, 0, 0, 3}, request[6:9]...)
	case s.mood == "refuses" || first != 0x10 && first != 3:
		return append(append(request[:4:4], 0, 3, request[6]), function|0x80, 2)
	case function == 4:
		body = append(body, 6)
		for _, word := range s.registers {
			body = binary.BigEndian.AppendUint16(body, word)
		}
	case function == 1:
		body = append(body, 1, 0)
		if s.coil {
			body[1] = 1
		}
	case function == 5:
		s.coil = request[10] == 0xff
		body = request[8:]
	}
	head := append(request[:4:4], 0, byte(len(body)+2), request[6], request[7])
	return append(head, body...)
}

func (s *slave) is(change func(s *slave)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func start(t *testing.T, s *slave) *devicetest.Device {
	t.Helper()
	return devicetest.Start(t, "poller", map[string]any{"address": plugIn(t, s), "interval": "100ms"})
}

// wants waits for the next status, whatever Env has said before.
func wants(t *testing.T, d *devicetest.Device, want string) {
	t.Helper()
	if got, err := d.Next(10 * time.Second); err != nil || got.Msg.String() != want {
		t.Errorf("emitted %v, %v; want %s", got.Msg, err, want)
	}
}

// The heat pump keeps what every device has to keep.
func TestRules(t *testing.T) {
	s := &slave{}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes every call, and answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	devicetest.Run(t, poller.Open, map[string]any{"address": plugIn(t, s), "interval": "100ms"},
		devicetest.Commands(messages.New(messages.Command, messages.Address{}, "PUMP_ON")),
		devicetest.Mute(map[string]any{"address": silent.Addr().String()}))
}

// Each poll tells what has changed by more than its deadband, and nothing else.
func TestReportsChanges(t *testing.T) {
	s := &slave{registers: [3]uint16{352, 0xffd3, 1200}}
	d := start(t, s)
	wants(t, d, `S ///poller: STATE {"flow":null,"outside":null,"power":null,"pump":null}`)
	wants(t, d, `S ///poller: STATE {"flow":35.2,"outside":-4.5,"power":1200,"pump":false}`)
	wants(t, d, `S ///poller: PUMP_OFF`)
	s.is(func(s *slave) { s.registers = [3]uint16{353, 0xffd3, 1205} }) // too little
	s.is(func(s *slave) { s.registers[2] = 1400 })
	got, err := d.Next(10 * time.Second)
	if err != nil || !strings.Contains(got.Msg.String(), `"power":1400`) {
		t.Errorf("emitted %v, %v; want that the power is 1400", got.Msg, err)
	}
}

func TestSwitchesThePump(t *testing.T) {
	s := &slave{}
	d := start(t, s)
	wants(t, d, `S ///poller: STATE {"flow":null,"outside":null,"power":null,"pump":null}`)
	wants(t, d, `S ///poller: STATE {"flow":0,"outside":0,"power":0,"pump":false}`)
	wants(t, d, `S ///poller: PUMP_OFF`)
	at := messages.Address{Device: "poller"}
	if err := d.Handle(messages.New(messages.Command, at, "PUMP_ON")); err != nil {
		t.Fatal(err)
	}
	s.is(func(s *slave) {
		if !s.coil {
			t.Error("the coil is off")
		}
	})
	wants(t, d, `S ///poller: STATE {"flow":0,"outside":0,"power":0,"pump":true}`)
	wants(t, d, `S ///poller: PUMP_ON`)

	s.is(func(s *slave) { s.mood = "refuses" })
	if err := d.Handle(messages.New(messages.Command, at, "PUMP_OFF")); !errors.Is(err, devices.ErrAction) {
		t.Errorf("what the slave refuses gives %v, want that it is refused", err)
	}
	s.is(func(s *slave) { s.mood = "" })
	if err := d.Handle(messages.New(messages.Command, at, "PUMP_OFF")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A heat pump that doesn't answer, or not what was asked, is not open, and one that stops doing so has failed.
func TestFailures(t *testing.T) {
	for mood, says := range map[string]string{"hangs up": "no answer: ", "babbles": "an answer to another request", "refuses": "exception 2"} {
		s := &slave{mood: mood}
		address := plugIn(t, s)
		if _, err := devicetest.Open("poller", map[string]any{"address": address}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a heat pump that %s opens with %v, want %s", mood, err, says)
		}
		s.is(func(s *slave) { s.mood = "" })
		d, err := devicetest.Open("poller", map[string]any{"address": address, "interval": "1h"})
		if err != nil {
			t.Fatal(err)
		}
		s.is(func(s *slave) { s.mood = mood })
		for range 2 {
			err := d.Handle(messages.New(messages.Command, messages.Address{}, "GET"))
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("a GET while it %s: %v, want %s", mood, err, says)
			}
		}
		if err := d.Close(); err != nil && mood == "refuses" {
			t.Error(err)
		}
	}
}
