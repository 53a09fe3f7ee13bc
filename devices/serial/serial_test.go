package serial_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	"github.com/mqttgateway/mqttgateway/devices/serial"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// intercom has pairs of digits without a delimiter.
const intercom = `
  - name: entry                 # the intercom of the original's tutorial: pairs of digits without a delimiter
    type: serial
    params:
      {port: /dev/ttyACM0, baud: 9600, frame: {size: 2, gap: 20ms}, points: [
        {id: bell, match: '^1([01])$', kind: bool, words: {true: BELL_ON, false: BELL_OFF}, function: Security, location: gate_entry, device: Bell},
        {id: gate, match: '^2([01])$', kind: bool, words: {true: GATE_OPEN, false: GATE_CLOSE}, function: Security, location: gate_entry, device: Gate, send: {true: "21"}}],
       then: [{match: '^21$', emit: {type: C, function: Lighting, location: gate_entry, action: LIGHT_ON}}]}
`

// receiver is a Denon AVR.
const receiver = `
  - name: receiver              # a Denon AVR on RS-232, or by telnet (type: tcp, address: "avr.lan:23")
    type: serial
    params:
      {port: /dev/ttyUSB1, baud: 9600, frame: {end: "\r"}, pause: 50ms, silent: 3m, ask: [{send: "PW?", every: 60s}, {send: "MV?", every: 60s}], points: [
        {id: power, match: '^PW(ON|STANDBY)$', kind: bool, "on": "ON", "off": STANDBY, send: {true: PWON, false: PWSTANDBY}, answer: {match: '^PW', within: 300ms}},
        {id: volume, match: '^MV(?P<v>\d\d)(?P<half>5?)$', value: '(.v|tonumber) + (if .half == "" then 0 else 0.5 end)', min: 0, max: 98, step: 0.5, send: 'MV{{printf "%03.0f" (mul .volume 10)}}'},
        {id: input, match: '^SI(.+)$', options: [CD, DVD, TV, TUNER], send: 'SI{{.input}}'}]}
`

// configured returns the params of one device of a configuration, at a port.
func configured(t *testing.T, yaml, port string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices(yaml)
	if err != nil {
		t.Fatal(err)
	}
	list[0].Params["port"] = port
	return list[0].Params
}

// says waits for messages, in their order.
func says(t *testing.T, d *devicetest.Device, wants ...string) {
	t.Helper()
	for _, want := range wants {
		got, err := d.Next(patience)
		if err != nil {
			t.Fatalf("%v, want %s", err, want)
		}
		text := got.Msg.String()
		if got.Retain {
			text += " (retained)"
		}
		if text != want {
			t.Fatalf("emitted %s, want %s", text, want)
		}
	}
}

// wants reads what the device has sent.
func wants(t *testing.T, equipment *os.File, want string) {
	t.Helper()
	_ = equipment.SetReadDeadline(time.Now().Add(patience))
	for got := ""; got != want; {
		b := make([]byte, 100)
		n, err := equipment.Read(b)
		if got += string(b[:n]); err != nil || !strings.HasPrefix(want, got) {
			t.Fatalf("the equipment got %q, %v; want %q", got, err, want)
		}
	}
}

func TestIntercom(t *testing.T) {
	equipment, port := serialtest.Plug(t)
	d := devicetest.Start(t, "serial", configured(t, intercom, port), devicetest.Name("entry"))
	says(t, d, `S Security//gate_entry/Bell: STATE {"bell":null} (retained)`, `S Security//gate_entry/Gate: STATE {"gate":null} (retained)`)

	fmt.Fprint(equipment, "11")
	says(t, d, `S Security//gate_entry/Bell: STATE {"bell":true}`, `S Security//gate_entry/Bell: BELL_ON (retained)`)
	fmt.Fprint(equipment, "10")
	says(t, d, `S Security//gate_entry/Bell: STATE {"bell":false}`, `S Security//gate_entry/Bell: BELL_OFF (retained)`)
	fmt.Fprint(equipment, "21")
	says(t, d, `S Security//gate_entry/Gate: STATE {"gate":true}`, `S Security//gate_entry/Gate: GATE_OPEN (retained)`,
		`C Lighting//gate_entry/: LIGHT_ON`)

	gate := messages.Address{Function: "Security", Location: "gate_entry", Device: "Gate"}
	if err := d.Handle(messages.New(messages.Command, gate, "GATE_OPEN")); err != nil {
		t.Fatal(err)
	}
	wants(t, equipment, "21")
	for _, command := range []messages.InternalMsg{
		messages.New(messages.Command, gate, "GATE_CLOSE"),
		messages.New(messages.Command, gate, "SET").WithArg("gate", messages.BoolValue(false)),
		messages.New(messages.Command, gate, "DANCE"),
	} {
		if err := d.Handle(command); !errors.Is(err, devices.ErrAction) {
			t.Errorf("%s: %v, want that it is refused", command, err)
		}
	}
}

func TestReceiver(t *testing.T) {
	equipment, port := serialtest.Plug(t)
	params := configured(t, receiver, port)
	opened := make(chan *devicetest.Device)
	go func() {
		d, err := devicetest.Open("serial", params, devicetest.Name("receiver"))
		if err != nil {
			t.Error(err)
		}
		opened <- d
	}()
	wants(t, equipment, "PW?\rMV?\r")
	fmt.Fprint(equipment, "PWSTANDBY\rMV505\rMVMAX 98\r")
	d := <-opened
	if d == nil {
		return
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	for id, want := range map[string]any{"power": false, "volume": 50.5, "input": nil} {
		if err := d.Await(id, want, patience); err != nil {
			t.Error(err)
		}
	}
	fmt.Fprint(equipment, "MV07\rSITV\r")
	for id, want := range map[string]any{"volume": 7, "input": "TV"} {
		if err := d.Await(id, want, patience); err != nil {
			t.Error(err)
		}
	}

	// what is set: answered, answered wrongly, not answered
	for says, want := range map[string]string{"PWON\r": "", "PWSTANDBY\r": "power: is false after it was set to true", "": `power: no answer to "PWON" within 300ms`} {
		done := make(chan error)
		go func() { done <- d.Set("power", "ON") }()
		wants(t, equipment, "PWON\r")
		fmt.Fprint(equipment, says)
		err := <-done
		if want == "" && err != nil || want != "" && (!errors.Is(err, devices.ErrAction) || err.Error() != want) {
			t.Errorf("the receiver says %q: %v, want %q", says, err, want)
		}
	}
	for _, err := range []error{d.Set("volume", 50.5), d.Set("volume", 7), d.Set("input", "CD")} {
		if err != nil {
			t.Error(err)
		}
	}
	wants(t, equipment, "MV505\rMV070\rSICD\r")
	for id, value := range map[string]any{"volume": 98.5, "input": "PHONO"} {
		if err := d.Set(id, value); !errors.Is(err, devices.ErrAction) {
			t.Errorf("%s is set to %v: %v, want that it is refused", id, value, err)
		}
	}
}

// A device of this type keeps what every device has to keep.
func TestRules(t *testing.T) {
	equipment, port := serialtest.Plug(t)
	go func() { // somebody reads what is sent
		b := make([]byte, 100)
		for {
			if _, err := equipment.Read(b); err != nil {
				return
			}
		}
	}()
	gate := messages.Address{Function: "Security", Location: "gate_entry", Device: "Gate"}
	devicetest.Run(t, serial.Open, configured(t, intercom, port), devicetest.Name("entry"),
		devicetest.Commands(messages.New(messages.Command, gate, "GATE_OPEN")))
}

// Unplugged, the device has failed; plugged in again under the same name, it opens.
func TestUnplugged(t *testing.T) {
	link := t.TempDir() + "/usb-port0"
	plug := func() *os.File {
		equipment, port := serialtest.Plug(t)
		if err := os.Symlink(port, link); err != nil {
			t.Fatal(err)
		}
		return equipment
	}
	params := configured(t, intercom, link)
	for range 2 {
		equipment := plug()
		d, err := devicetest.Open("serial", params, devicetest.Name("entry"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(equipment, "11")
		if err := d.Await("bell", true, patience); err != nil {
			t.Error(err)
		}
		equipment.Close()
		os.Remove(link)
		if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "the port is gone") {
			t.Errorf("the port is unplugged: %v", err)
		}
		if v, err := d.Value("bell"); err == nil {
			t.Errorf("the bell is %s", v)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if _, err := devicetest.Open("serial", params); err == nil {
			t.Error("it opens a port that is not there")
		}
	}
}
