package integration

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const withProfile = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - name: receiver
    type: tcp
    reply: always
    params:
      profile: denon-avr
      address: ADDRESS
      loudest: 90
      pause: 1ms
      points: [{id: sound_mode, hidden: true}, {id: power, words: {true: RADIO_ON, false: RADIO_OFF}}]
`

// playReceiver plays a receiver of Denon at a port, until the test ends.
func playReceiver(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		is := map[string]string{"PW": "ON", "MV": "505\rMVMAX 70", "MU": "OFF", "SI": "TUNER", "MS": "STEREO"}
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked := bufio.NewReader(conn)
			for {
				text, err := asked.ReadString('\r')
				if err != nil {
					break
				}
				of, what := text[:2], text[2:len(text)-1]
				if what != "?" {
					is[of] = what
				}
				fmt.Fprintf(conn, "%s%s\r", of, is[of])
			}
			conn.Close()
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

// TestProfiles has a device of a product that the program knows, then one of the user's own file of the same name, then that file changed:
// each reload opens the device anew.
func TestProfiles(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", strings.Replace(withProfile, "ADDRESS", playReceiver(t), 1))
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says("section=devices[0] … params.loudest=90 … params.profile=denon-avr")
	values := func(payload string) message {
		return message{topic: "home/$gateway/gw/receiver/values", payload: payload, qos: 1}
	}
	u.await("the profile of the program", values(`{"power":true,"volume":50.5,"mute":false,"input":"TUNER"}`))
	u.say(message{topic: "home////receiver/me/C", payload: `{"action":"SET","volume":42}`, qos: 1})
	u.await("what is set", values(`{"power":true,"volume":42,"mute":false,"input":"TUNER"}`))
	u.say(message{topic: "home////receiver/me/C", payload: "RADIO_OFF", qos: 1})
	u.await("a word", values(`{"power":false,"volume":42,"mute":false,"input":"TUNER"}`))

	if err := os.Mkdir(filepath.Join(dir, "profiles"), 0o700); err != nil {
		t.Fatal(err)
	}
	own := "profile: denon-avr\nof: tcp\nparams: {loudest: {doc: the most, default: 98}}\ndefaults: {frame: {end: \"\\r\"}, ask: [{send: \"PW?\", every: 60s}]}\n" +
		"points: [{id: power, match: '^PW(ON|STANDBY)$', kind: bool, \"on\": \"ON\", \"off\": STANDBY}, {id: sound_mode, match: '^MS(.+)$', kind: text}]\n"
	write(t, dir, filepath.Join("profiles", "denon-avr.yaml"), own)
	gateway.signal(syscall.SIGHUP)
	u.await("the user's own", values(`{"power":false}`))

	write(t, dir, filepath.Join("profiles", "denon-avr.yaml"), strings.Replace(own, "{id: power", "{id: standby, name: On", 1))
	gateway.signal(syscall.SIGHUP)
	gateway.says("level=ERROR msg=\"configuration refused, what was in force stays\" … devices[0].params.points[1].match: missing: …")
	write(t, dir, filepath.Join("profiles", "denon-avr.yaml"), strings.Replace(own, "{id: sound", "{id: volume, match: '^MV(\\d\\d)$'}, {id: sound", 1))
	gateway.signal(syscall.SIGHUP)
	u.await("the user's own, changed", values(`{"power":false,"volume":null}`))
}
