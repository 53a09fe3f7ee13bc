//go:build unix

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// counted begins each program of the test: it notes its process, and is none while the file dead is there.
const counted = `#!/bin/sh
[ -e dead ] && exit 1
echo $$ > "$(basename "$0").pid"
`

// radioProgram is rtl_433 with the codes of two sensors in place of a radio, again and again.
const radioProgram = counted + `
while :; do
	for code in ab80d7f2d 079fe2f32; do
		rtl_433 -c /dev/null -F json -y "{36}$code/{36}$code/{36}$code/{36}$code" 2> /dev/null
	done
	sleep 0.2
done
`

// thermometer is the program of README, with files of the test in place of the system's.
const thermometer = counted + `
echo '{"hello":{"protocol":1},"device":{"model":"DS18B20"},"entities":[{"id":"temperature","kind":"number","unit":"°C","class":"temperature"}]}'
while :; do
  awk '/crc=.*YES/{ok=1} /t=/{sub(/.*t=/,""); printf "{\"values\":{\"temperature\":%s}}\n", ok && $0!=85000 ? $0/1000 : "null"}' "w1/$1/w1_slave" || echo '{"failed":"cannot be read"}'
  sleep 0.2
done
`

// pump is a program of protocol 1 in Python.
const pump = `
import json, os, sys
if os.path.exists("dead"):
    sys.exit(1)
with open("pump.pid", "w") as file:
    file.write(str(os.getpid()))
level = 20.5
def say(**what): print(json.dumps(what))
for line in sys.stdin:
    told = json.loads(line)
    if "open" in told:
        say(hello={"protocol": 1, "ping": True}, device={"model": told["open"]["params"]["model"]},
            entities=[{"id": "level", "kind": "number", "unit": "%", "write": True, "min": 0, "max": 100}])
    elif "set" in told:
        level = told["set"]["level"]
        if level > 90:
            say(done=told["n"], error="too high", refused=True)
            continue
        say(done=told["n"])
    elif "ping" in told:
        say(pong=told["ping"])
    elif "stop" in told:
        break
    say(values={"level": level})
`

// amplifier is a program that knows nothing of the gateway.
const amplifier = counted + `
volume=5
while read -r line; do
	case "$line" in VOL[0-9]*) volume=${line#VOL} ;; esac
	echo "VOL$volume"
done
`

const mortalPrograms = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
lines:
  - {name: radio, protocol: feed, run: [sh, ./radio], dir: DIR}
devices:
  - name: garden
    type: feed
    retry: {min: 100ms, max: 1s}
    params:
      line: radio
      select: '.model == "Nexus-TH" and .id == 171'
      points: [{id: temperature, value: .temperature_C, unit: °C, class: temperature}, {id: humidity, value: .humidity, unit: "%", class: humidity}]
  - name: shed
    type: feed
    retry: {min: 100ms, max: 1s}
    params:
      line: radio
      select: '.model == "Nexus-TH" and .id == 7'
      silent: 1m
      points: [{id: temperature, value: .temperature_C, unit: °C, class: temperature}]
  - {name: attic, type: exec, retry: {min: 100ms, max: 1s}, params: {run: [sh, ./thermometer, 28-000005e2fdc3], dir: DIR}}
  - {name: pump, type: exec, reply: always, retry: {min: 100ms, max: 1s}, params: {run: [python3, ./pump.py], dir: DIR, params: {model: P1}}}
  - name: amplifier
    type: exec
    reply: always
    retry: {min: 100ms, max: 1s}
    params:
      {run: [sh, ./amplifier], dir: DIR, decode: text, ask: [{send: 'VOL?', every: 1s}], points: [
        {id: volume, match: '^VOL(\d+)$', min: 0, max: 98, send: 'VOL{{.volume}}', answer: {match: '^VOL', within: 5s}}]}
  - {name: lamp, type: sim, reply: always, params: {points: [{id: on, kind: bool, write: true}]}}
`

// TestMortalPrograms runs programs of all kinds, kills them, has none of them come back for a while, and then all.
func TestMortalPrograms(t *testing.T) {
	t.Parallel()
	for _, needed := range []string{"rtl_433", "python3"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Fatalf("these tests need %s, which is not on PATH (apt-get install rtl-433 python3): %v", needed, err)
		}
	}
	broker, dir := startMosquitto(t), t.TempDir()
	for name, text := range map[string]string{"radio": radioProgram, "thermometer": thermometer, "pump.py": pump, "amplifier": amplifier} {
		write(t, dir, name, text)
	}
	sensor := filepath.Join(dir, "w1", "28-000005e2fdc3")
	if err := os.MkdirAll(sensor, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, sensor, "w1_slave", "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=21500\n")
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	config := write(t, dir, "gateway.yaml", strings.ReplaceAll(mortalPrograms, "DIR", dir))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)

	values := func(device, payload string) message {
		return message{topic: "home/$gateway/gw/" + device + "/values", payload: payload, qos: 1}
	}
	set := func(device, change string) {
		u.say(message{topic: "home////" + device + "/me/C", payload: `{"action":"SET",` + change + `}`, qos: 1})
	}
	answer := func(device, rest string) message {
		return message{topic: "home////" + device + "/gw/S", payload: `{"action":"SET","response":` + rest + `}`, qos: 1}
	}
	garden, shed, attic := values("garden", `{"temperature":21.500,"humidity":45}`), values("shed", `{"temperature":-3.000}`), values("attic", `{"temperature":21.5}`)
	u.await("at the beginning", garden, shed, attic, values("pump", `{"level":20.5}`), values("amplifier", `{"volume":5}`), values("lamp", `{"on":false}`))
	set("pump", `"level":50`)
	u.await("the pump is set", values("pump", `{"level":50}`), answer("pump", `"OK"`))
	set("pump", `"level":95`)
	u.await("the pump refuses", answer("pump", `"REJECTED","reason":"pump: too high"`))
	set("amplifier", `"volume":70`)
	u.await("the amplifier is set", values("amplifier", `{"volume":70}`), answer("amplifier", `"OK"`))

	write(t, dir, "dead", "")
	for _, program := range []string{"radio", "thermometer", "pump", "amplifier"} {
		if err := syscall.Kill(pidIn(t, filepath.Join(dir, program+".pid")), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	u.await("the programs are dead", values("garden", `{"temperature":null,"humidity":null}`), values("shed", `{"temperature":null}`),
		values("amplifier", `{"volume":null}`))
	on := false
	for away := time.Now().Add(*equipmentAway); time.Now().Before(away); time.Sleep(100 * time.Millisecond) {
		on = !on
		set("pump", `"level":30`)
		set("amplifier", `"volume":30`)
		set("lamp", fmt.Sprintf(`"on":%t`, on))
		answered := map[string]string{"pump": "ERROR", "amplifier": "ERROR", "lamp": "OK"}
		for len(answered) > 0 {
			m, ok := u.hear(patience)
			if !ok {
				t.Fatalf("no answer of %v while programs are dead", answered)
			}
			for device, response := range answered {
				if m.topic == answer(device, "").topic && strings.Contains(m.payload, `"response":"`+response+`"`) {
					delete(answered, device)
				}
			}
		}
	}
	os.Remove(filepath.Join(dir, "dead"))
	u.await("the programs are back", garden, shed, values("pump", `{"level":20.5}`), values("amplifier", `{"volume":5}`))
	set("pump", `"level":60`)
	u.await("the pump is set again", values("pump", `{"level":60}`), answer("pump", `"OK"`))
	for _, who := range []string{"line=radio", "device=attic", "device=pump", "device=amplifier"} {
		gateway.says("level=INFO … again\" " + who)
		if lines := gateway.saidSince(0, "level=WARN … "+who+" … signal: killed"); len(lines) != 1 {
			t.Errorf("%s was killed once, and the log says\n  %s", who, strings.Join(lines, "\n  "))
		}
		if lines := gateway.saidSince(0, "level=INFO … again\" "+who); len(lines) != 1 {
			t.Errorf("%s came back once, and the log says\n  %s", who, strings.Join(lines, "\n  "))
		}
	}
	if lines := gateway.saidSince(0, `level=WARN … device=garden`); len(lines) > 0 {
		t.Errorf("the line has failed, and the log says of a device on it\n  %s", strings.Join(lines, "\n  "))
	}
	gateway.stop()
}

func pidIn(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
