//go:build unix

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// stranger is what a person who has never seen the program copies from its documentation, and changes nothing of but the ports.
const stranger = `
  - name: receiver              # a Denon AVR on RS-232, or by telnet (type: tcp, address: "avr.lan:23")
    type: serial
    params:
      {port: /dev/ttyUSB1, baud: 9600, frame: {end: "\r"}, pause: 50ms, silent: 3m, ask: [{send: "PW?", every: 60s}, {send: "MV?", every: 60s}], points: [
        {id: power, match: '^PW(ON|STANDBY)$', kind: bool, "on": "ON", "off": STANDBY, send: {true: PWON, false: PWSTANDBY}, answer: {match: '^PW', within: 300ms}},
        {id: volume, match: '^MV(?P<v>\d\d)(?P<half>5?)$', value: '(.v|tonumber) + (if .half == "" then 0 else 0.5 end)', min: 0, max: 98, step: 0.5, send: 'MV{{printf "%03.0f" (mul .volume 10)}}'},
        {id: input, match: '^SI(.+)$', options: [CD, DVD, TV, TUNER], send: 'SI{{.input}}'}]}
  - name: p1                    # a Dutch smart meter; ships as profile dsmr5
    type: serial
    params:
      {port: /dev/ttyUSB0, baud: 115200, frame: {match: '(?s)/[^/!]*!(?P<crc>[0-9A-F]{4})\r\n', checksum: crc16-arc}, points: [
        {id: power, match: '(?m)^1-0:1\.7\.0\(([\d.]+)\*kW\)', unit: kW, class: power},
        {id: import_t1, match: '(?m)^1-0:1\.8\.1\(([\d.]+)\*kWh\)', unit: kWh, class: energy, state: total_increasing},
        {id: gas, match: '(?m)^0-\d:24\.2\.1\(\d{12}[SW]\)\(([\d.]+)\*m3\)', unit: m³, class: gas, state: total_increasing, heartbeat: 10m}]}
  - name: entry                 # the intercom of the original's tutorial: pairs of digits without a delimiter
    type: serial
    params:
      {port: /dev/ttyACM0, baud: 9600, frame: {size: 2, gap: 20ms}, points: [
        {id: bell, match: '^1([01])$', kind: bool, words: {true: BELL_ON, false: BELL_OFF}, function: Security, location: gate_entry, device: Bell},
        {id: gate, match: '^2([01])$', kind: bool, words: {true: GATE_OPEN, false: GATE_CLOSE}, function: Security, location: gate_entry, device: Gate, send: {true: "21"}}],
       then: [{match: '^21$', emit: {type: C, function: Lighting, location: gate_entry, action: LIGHT_ON}}]}
`

// TestStranger connects an intercom, a receiver and a smart meter, each on a serial line of its own.
func TestStranger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	intercom, avr, meter := plug(t, dir+"/intercom"), plug(t, dir+"/avr"), plug(t, dir+"/meter")
	go (&receiver{t: t}).serve(avr.equipment) // ends when the line does
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/+", "home/$gateway/gw/+/values", "home/$gateway/gw/+/answer")
	config := write(t, dir, "gateway.yaml", "gateway: {name: gw}\nmqtt: {qos: 1}\nmapping: {root: home, topics: [home/+/+/+/+/+/C]}\ndevices:"+
		strings.NewReplacer("/dev/ttyACM0", intercom.port, "/dev/ttyUSB1", avr.port, "/dev/ttyUSB0", meter.port).Replace(stranger))
	if said, err := command(t, dir, "check", "--config", config); err != nil || strings.Contains(said, "warning") {
		t.Errorf("check: %v: %s", err, said)
	}
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	for _, device := range []string{"entry", "receiver", "p1"} {
		gateway.says(`msg="device online" device=` + device)
	}
	at := func(topic, payload string) message { return message{topic: "home/" + topic, payload: payload, qos: 1} }
	const bell, gate = "Security//gate_entry/Bell/", "Security//gate_entry/Gate/"
	values := func(device string) string { return "$gateway/gw/" + device + "/values" }

	intercom.says("11")
	u.await("somebody rings", at(bell+"gw/S", "BELL_ON"), at(bell+"gw/S", `{"action":"STATE","bell":true}`), at(values("entry"), `{"bell":true,"gate":null}`))
	u.say(at(gate+"me/C", "GATE_OPEN"))
	intercom.hears("21")
	intercom.says("1021")
	u.await("the gate is open", at(bell+"gw/S", "BELL_OFF"), at(gate+"gw/S", "GATE_OPEN"), at("Lighting//gate_entry//gw/C", "LIGHT_ON"),
		at(values("entry"), `{"bell":false,"gate":true}`))
	u.say(at("$gateway/gw/entry/set/gate", "OFF"))
	u.await("the gate can't be closed", at("$gateway/gw/entry/answer", `{"entity":"gate","response":"REJECTED","reason":"gate: can't be set to false, want true"}`))

	u.say(at("///receiver/me/C", `{"action":"SET","power":true,"volume":7.5}`))
	u.await("the receiver is set", at("///receiver/gw/S", `{"action":"SET","response":"OK"}`), at(values("receiver"), `{"power":true,"volume":7.5,"input":null}`))
	u.say(at("$gateway/gw/receiver/set/input", "TV"))
	u.await("an input is chosen", at(values("receiver"), `{"power":true,"volume":7.5,"input":"TV"}`), at("$gateway/gw/receiver/answer", `{"entity":"input","response":"OK"}`))
	u.say(at("///receiver/me/C", `{"action":"SET","volume":99,"input":"PHONO"}`))
	for {
		m, ok := u.hear(patience)
		if !ok {
			t.Fatal("a volume of 99 is not answered")
		}
		if strings.Contains(m.payload, `"response":"REJECTED"`) && strings.Contains(m.payload, "volume: 99 is above 98") {
			break
		}
	}

	meter.says("992.992*kWh)\r\n!1234\r\n" + telegram("01.999", "0000") + telegram("01.193", ""))
	u.await("a telegram that is whole", at(values("p1"), `{"power":1.193,"import_t1":992.992,"gas":12785.123}`))
	gateway.says("device=p1…bytes were part of no frame")
	meter.says(telegram("00.5", ""))
	u.await("the next one", at(values("p1"), `{"power":0.5,"import_t1":992.992,"gas":12785.123}`))
	gateway.stop()
}

// telegram is what a smart meter sends, with a checksum; "" is the right one.
func telegram(power, checksum string) string {
	text := "/KFM5KAIFA-METER\r\n\r\n1-0:1.7.0(" + power + "*kW)\r\n1-0:1.8.1(000992.992*kWh)\r\n0-1:24.2.1(101209112500W)(12785.123*m3)\r\n!"
	if checksum == "" {
		checksum = fmt.Sprintf("%04X", crc16(text))
	}
	return text + checksum + "\r\n"
}

// crc16 computes CRC-16/ARC, bit by bit.
func crc16(text string) (crc uint16) {
	for _, b := range []byte(text) {
		for bit := range 8 {
			odd := (crc^uint16(b)>>bit)&1 == 1
			if crc >>= 1; odd {
				crc ^= 0xa001
			}
		}
	}
	return crc
}
