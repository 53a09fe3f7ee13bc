package integration

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	"github.com/mqttgateway/mqttgateway/internal/loopback"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// kitchen holds, for each recipe, who plays its equipment.
var kitchen = map[string]func(*recipe){
	"A switch with a web server": func(r *recipe) {
		b := &boiler{}
		b.t = r.T
		b.start("127.0.0.1:0")
		r.Cleanup(b.end)
		write(r.T, r.dir, "shelly.pw", boilerPassword+"\n")
		r.stand(b.address, "10.0.0.20")
	},
	"A button that calls": func(r *recipe) {
		address, release, err := loopback.Reserve()
		if err != nil {
			r.Fatal(err)
		}
		r.Cleanup(release)
		write(r.T, r.dir, "hall.hook", hookSecret+"\n")
		write(r.T, r.dir, "users", "me:correct-horse\n")
		r.stand(address, ":8080")
		r.acts["The button asks for http://GATEWAY:8080/hooks/hall/SECRET/button?event=single_push&battery=87."] = func() {
			res, err := http.Get("http://" + address + "/hooks/hall/" + hookSecret + "/button?event=single_push&battery=87")
			if err != nil {
				r.Fatal(err)
			}
			res.Body.Close()
			http.DefaultClient.CloseIdleConnections()
		}
	},
	"A receiver by telnet": func(r *recipe) {
		avr := &receiver{t: r.T}
		avr.start("127.0.0.1:0")
		r.Cleanup(avr.end)
		r.stand(avr.address, "avr.lan:23")
		r.acts["Somebody turns the knob for the input."] = func() { avr.tell("SICD\r") }
	},
	"A smart meter with a P1 port": func(r *recipe) {
		meter := r.plug("/dev/ttyUSB0")
		telegram := strings.ReplaceAll("/KFM5KAIFA-METER\n\n1-3:0.2.8(42)\n1-0:1.8.1(001581.123*kWh)\n1-0:1.7.0(01.193*kW)\n"+
			"0-1:24.1.0(003)\n0-1:24.2.1(161129200000W)(01290.123*m3)\n!", "\n", "\r\n")
		r.acts["The meter sends a telegram with 1-0:1.7.0(01.193*kW), and one whose checksum is wrong."] = func() {
			fmt.Fprintf(meter, "0-1:24.1.0(003)\r\n!0000\r\n%s%04X\r\n", telegram, arc([]byte(telegram)))
			fmt.Fprintf(meter, "%s%04X\r\n", strings.Replace(telegram, "01.193", "91.193", 1), arc([]byte(telegram)))
		}
	},
	"An intercom that speaks in digits": func(r *recipe) {
		intercom := r.plug("/dev/ttyACM0")
		r.acts["Somebody rings."] = func() { fmt.Fprint(intercom, "11") }
		r.acts["The intercom opens the gate, and says so."] = func() {
			heard := make([]byte, 2)
			_ = intercom.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.ReadFull(intercom, heard); err != nil || string(heard) != "21" {
				r.Errorf("the intercom got %q, %v", heard, err)
			}
			fmt.Fprint(intercom, "21")
		}
	},
	"A thermometer on a 1-wire bus": func(r *recipe) {
		if err := os.Mkdir(filepath.Join(r.dir, "28-000005e2fdc3"), 0o700); err != nil {
			r.Fatal(err)
		}
		write(r.T, r.dir, "28-000005e2fdc3/w1_slave", "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=21500\n")
		r.stand(r.dir, "/sys/bus/w1/devices")
		r.stand(r.program("w1", r.script), "/usr/local/lib/gateway/w1")
	},
	"The temperature of the computer itself": func(r *recipe) {
		r.stand(write(r.T, r.dir, "temp", "48312\n"), "/sys/class/thermal/thermal_zone0/temp")
	},
	"A thermometer in the garden, by radio": func(r *recipe) {
		heard := filepath.Join(r.dir, "heard") // by the radio
		r.program("rtl_433", "#!/bin/sh\nwhile [ ! -e "+heard+" ]; do sleep 0.05; done\ncat "+heard+"\nexec sleep 3600\n")
		r.acts["The radio hears a sensor of the neighbour's, and then ours."] = func() {
			from := write(r.T, r.dir, "hearing", `{"time":"2026-11-29 12:00:00","model":"Nexus-TH","id":23,"channel":1,"battery_ok":0,"temperature_C":4.5,"humidity":90}
{"time":"2026-11-29 12:00:01","model":"Nexus-TH","id":171,"channel":1,"battery_ok":1,"temperature_C":21.5,"humidity":45}
`)
			if err := os.Rename(from, heard); err != nil {
				r.Fatal(err)
			}
		}
	},
	"A heat pump by Modbus": func(r *recipe) {
		pump := newSlave(r, 3)
		pump.registers[modbus.InputRegisters] = map[uint16]uint16{0x10: 0xFFDD}
		pump.registers[modbus.HoldingRegisters] = map[uint16]uint16{100: 350, 101: 1, 110: 0x0100}
		pump.bits[modbus.Coils] = map[uint16]bool{3: false}
		r.stand("every: 200ms", "every: 10s")
		r.stand(pump.overTCP(), "plc.lan:502")
		r.acts["The sensor outside breaks, and the heat pump says 0x8000."] = func() { pump.set(modbus.InputRegisters, 0x10, 0x8000) }
	},
	"A meter of which there is a profile": func(r *recipe) {
		meter := newSlave(r, 1)
		meter.registers[modbus.InputRegisters] = map[uint16]uint16{}
		for address := uint16(0); address < 0x200; address += 2 {
			meter.keep(address, 0)
		}
		for phase, volts := range []float32{230.5, 231, 229.5} {
			meter.keep(uint16(2*phase), volts)
		}
		meter.keep(0x34, 1234.5)
		meter.keep(0x46, 50)
		meter.keep(0x48, 18734.5)
		meter.overSerial(r.plug("/dev/ttyUSB0"))
	},
	"A board of relays on RS-485": func(r *recipe) {
		board := newSlave(r, 1)
		board.bits[modbus.Coils] = map[uint16]bool{0: false, 1: false}
		board.bits[modbus.DiscreteInputs] = map[uint16]bool{0: false}
		board.overSerial(r.plug("/dev/ttyUSB0"))
		r.acts["Somebody opens the door."] = func() { board.set(modbus.DiscreteInputs, 0, 1) }
	},
	"A solar inverter": func(r *recipe) {
		inverter := newSlave(r, 1)
		inverter.registers[modbus.HoldingRegisters] = map[uint16]uint16{40000: 0x5375, 40001: 0x6E53, 40083: 28415, 40084: 0xFFFF, 40093: 285, 40094: 56450, 40095: 0, 40107: 4}
		r.stand(inverter.overTCP(), "inverter.lan:1502")
	},
	"An uninterruptible power supply": func(r *recipe) {
		var objects []string
		for _, o := range []string{" 1.3.6.1.2.1.33.1.2.4.0 integer 97", " 1.3.6.1.2.1.33.1.2.3.0 integer 42", " 1.3.6.1.2.1.33.1.2.5.0 integer 546",
			" -rw 1.3.6.1.2.1.33.1.4.1.0 integer 3", " -rw 1.3.6.1.2.1.33.1.9.8.0 integer 2"} {
			objects = append(objects, "override"+o)
		}
		agent := startSNMPD(r.T, objects...)
		write(r.T, r.dir, "ups.community", "hidden\n")
		r.stand(agent.address, "ups.lan")
		r.stand("every: 200ms", "every: 30s")
		r.acts["The power fails."] = func() {
			address := netip.MustParseAddrPort(agent.address)
			card := gosnmp.GoSNMP{Target: address.Addr().String(), Port: address.Port(), Version: gosnmp.Version2c, Community: "hidden", Timeout: patience}
			err := card.Connect()
			if err == nil {
				_, err = card.Set([]gosnmp.SnmpPDU{{Name: ".1.3.6.1.2.1.33.1.4.1.0", Type: gosnmp.Integer, Value: 5}})
				card.Conn.Close()
			}
			if err != nil {
				r.Fatal(err)
			}
		}
	},
	"A projector by PJLink": func(r *recipe) {
		p := &projector{power: "0"}
		listener := r.listen(p.serve)
		r.stand(listener, "projector.lan:4352")
		r.stand("pause: 10ms", "pause: 100ms")
		r.stand(`POWR ?", every: 200ms`, `POWR ?", every: 2s`)
	},
	"A pulse counter that sends datagrams": func(r *recipe) {
		free, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			r.Fatal(err)
		}
		address := free.LocalAddr().String()
		free.Close()
		r.stand(address, ":5005")
		r.acts[`The board sends "gas 48211".`] = func() {
			conn, err := net.Dial("udp", address)
			if err != nil {
				r.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "gas 48211\n")
		}
	},
	"Equipment that is still to come": func(*recipe) {},
}

// plug returns the equipment's end of the serial line whose port the recipe names.
func (r *recipe) plug(port string) *os.File {
	r.Helper()
	equipment, path := serialtest.Plug(r.T)
	r.stand(path, port)
	return equipment
}

// program makes a program that the gateway finds by its name, and returns its path.
func (r *recipe) program(name, text string) string {
	r.Helper()
	path := write(r.T, r.dir, name, text)
	if err := os.Chmod(path, 0o700); err != nil {
		r.Fatal(err)
	}
	return path
}

// listen has each connection to an address of its own served, and returns the address. All of it ends with the test.
func (r *recipe) listen(serve func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			done.Go(func() { defer conn.Close(); serve(conn) })
		}
	})
	r.Cleanup(func() { listener.Close(); done.Wait() })
	return listener.Addr().String()
}

// arc is the checksum of a telegram.
func arc(b []byte) (crc uint16) {
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			if low := crc & 1; low == 1 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

// tell says something unasked to everybody who is connected.
func (r *receiver) tell(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.open {
		fmt.Fprint(conn, text)
	}
}

// projector plays a projector, which is warm when it has been asked twice.
type projector struct{ power string }

func (p *projector) serve(conn net.Conn) {
	fmt.Fprint(conn, "PJLINK 0\r")
	for line := []byte(nil); ; {
		char := make([]byte, 1)
		if _, err := conn.Read(char); err != nil {
			return
		}
		if line = append(line, char...); char[0] != '\r' {
			continue
		}
		switch asked := string(line[:len(line)-1]); asked {
		case "%1POWR ?":
			fmt.Fprintf(conn, "%%1POWR=%s\r", p.power)
			if p.power == "3" {
				p.power = "1"
			}
		case "%1POWR 1":
			p.power = "3"
			fmt.Fprint(conn, "%1POWR=OK\r")
		case "%1INPT ?":
			fmt.Fprint(conn, "%1INPT=31\r")
		default:
			fmt.Fprint(conn, "%1POWR=ERR2\r")
		}
		line = nil
	}
}

// playedSlave plays a Modbus slave. Addresses that it does not have are refused.
type playedSlave struct {
	*recipe
	unit uint8

	mu        sync.Mutex
	registers map[modbus.Table]map[uint16]uint16
	bits      map[modbus.Table]map[uint16]bool
}

func newSlave(r *recipe, unit uint8) *playedSlave {
	return &playedSlave{recipe: r, unit: unit, registers: map[modbus.Table]map[uint16]uint16{}, bits: map[modbus.Table]map[uint16]bool{}}
}

// set changes what the slave keeps.
func (s *playedSlave) set(table modbus.Table, address, value uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if table.Bits() {
		s.bits[table][address] = value != 0
	} else {
		s.registers[table][address] = value
	}
}

// keep has two input registers hold a number of 32 bits.
func (s *playedSlave) keep(address uint16, number float32) {
	bits := math.Float32bits(number)
	s.registers[modbus.InputRegisters][address], s.registers[modbus.InputRegisters][address+1] = uint16(bits>>16), uint16(bits)
}

// overTCP returns the address of a controller behind which the slave is.
func (s *playedSlave) overTCP() string {
	return s.listen(func(conn net.Conn) {
		var kept []byte
		for part := make([]byte, 300); ; {
			n, err := conn.Read(part)
			if err != nil {
				return
			}
			kept = append(kept, part[:n]...)
			transaction, unit, pdu, rest, err := modbus.CutTCP(kept)
			if err != nil {
				s.Errorf("the slave got % X: %v", kept, err)
				return
			}
			if pdu == nil {
				continue
			}
			kept = bytes.Clone(rest)
			if _, err := conn.Write(modbus.AppendTCP(nil, transaction, unit, s.answer(unit, pdu))); err != nil {
				return
			}
		}
	})
}

// overSerial has the slave answer on a serial line, until that is unplugged.
func (s *playedSlave) overSerial(line *os.File) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var kept []byte
		for part := make([]byte, 300); ; {
			n, err := line.Read(part)
			if err != nil {
				return
			}
			kept = append(kept, part[:n]...)
			end := len(kept) - 2
			if end < 2 || modbus.CRC(kept[:end]) != binary.LittleEndian.Uint16(kept[end:]) {
				continue // there is more to come
			}
			answer := modbus.AppendRTU(nil, kept[0], s.answer(kept[0], kept[1:end]))
			kept = nil
			_, _ = line.Write(answer)
		}
	}()
	s.Cleanup(func() { line.Close(); <-done })
}

// answer returns the answer to a request.
func (s *playedSlave) answer(unit uint8, pdu []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, err := modbus.ParseRequest(pdu)
	if err != nil || unit != s.unit {
		s.Errorf("unit %d got % X: %v", unit, pdu, err)
		return nil
	}
	var response modbus.Response = modbus.Written{}
	switch r := request.(type) {
	case modbus.Read:
		registers, bits := make(modbus.Registers, r.Count), make(modbus.Bits, r.Count)
		for i := range r.Count {
			var isRegister, isBit bool
			registers[i], isRegister = s.registers[r.Table][r.Address+uint16(i)]
			bits[i], isBit = s.bits[r.Table][r.Address+uint16(i)]
			if !isRegister && !isBit {
				return modbus.AppendException(nil, r.Function(), modbus.IllegalDataAddress)
			}
		}
		if response = registers; r.Table.Bits() {
			response = bits
		}
	case modbus.WriteCoil:
		s.bits[modbus.Coils][r.Address] = r.On
	case modbus.WriteRegister:
		s.registers[modbus.HoldingRegisters][r.Address] = r.Value
	case modbus.WriteRegisters:
		for i, value := range r.Values {
			s.registers[modbus.HoldingRegisters][r.Address+uint16(i)] = value
		}
	default:
		return modbus.AppendException(nil, request.Function(), modbus.IllegalFunction)
	}
	answer, err := modbus.AppendResponse(nil, request, response)
	if err != nil {
		s.Error(err)
	}
	return answer
}
