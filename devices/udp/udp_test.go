package udp_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/udp"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// station is a weather station that broadcasts.
const station = `
  - name: weather
    type: udp
    params:
      {listen: "127.0.0.1:0", decode: json, points: [{id: temperature, value: .outdoor.temp, unit: °C, class: temperature}]}
`

// plug is a socket that answers.
const plug = `
  - name: plug
    type: udp
    params:
      {address: "plug.lan:9999", ask: [{send: STATUS, every: 1h}], points: [
        {id: relay, match: '^RELAY=([01])$', kind: bool, send: 'RELAY={{if .relay}}1{{else}}0{{end}}', answer: {match: '^RELAY='}, words: {true: LIGHT_ON, false: LIGHT_OFF}}]}
`

func configured(t *testing.T, yaml string, changed map[string]any) map[string]any {
	t.Helper()
	list, err := config.ParseDevices(yaml)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range changed {
		list[0].Params[key] = value
	}
	return list[0].Params
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// plugIn has a plug answer until the test ends.
func plugIn(t *testing.T) (address string) {
	conn := listen(t)
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		state := "0"
		for b := make([]byte, 100); ; {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if value, ok := strings.CutPrefix(string(b[:n]), "RELAY="); ok {
				state = value
			}
			_, _ = conn.WriteToUDPAddrPort([]byte("RELAY="+state), from)
		}
	}()
	return conn.LocalAddr().String()
}

func TestPlug(t *testing.T) {
	d := devicetest.Start(t, "udp", configured(t, plug, map[string]any{"address": plugIn(t)}))
	if err := d.Await("relay", false, patience); err != nil {
		t.Error(err)
	}
	if err := d.Set("relay", "ON"); err != nil {
		t.Error(err)
	}
	if err := d.Await("relay", true, patience); err != nil {
		t.Error(err)
	}
}

// Datagrams from whoever sends them; those that are no JSON, or about something else, change nothing.
func TestStation(t *testing.T) {
	socket := listen(t)
	address := socket.LocalAddr().String()
	socket.Close()
	d := devicetest.Start(t, "udp", configured(t, station, map[string]any{"listen": address}))
	from, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, document := range []string{`{"outdoor":{"temp":21.50}}`, `{"indoor":{"temp":19}}`, `hello`} {
		fmt.Fprint(from, document)
	}
	if err := d.Await("temperature", 21.5, patience); err != nil {
		t.Error(err)
	}
	fmt.Fprint(from, `{"outdoor":{"temp":null}}`)
	if err := d.Await("temperature", nil, patience); err != nil {
		t.Error(err)
	}
}

func TestRules(t *testing.T) {
	on := messages.New(messages.Command, messages.Address{}, "LIGHT_ON")
	mute := listen(t)
	devicetest.Run(t, udp.Open, configured(t, plug, map[string]any{"address": plugIn(t)}), devicetest.Commands(on),
		devicetest.Mute(configured(t, plug, map[string]any{"address": mute.LocalAddr().String()})))
}

func TestRulesOfListener(t *testing.T) {
	devicetest.Run(t, udp.Open, configured(t, station, nil))
}

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("udp")
	if err != nil {
		t.Fatal(err)
	}
	for says, changed := range map[string]map[string]any{
		"want listen, address or both":                  {"address": ""},
		"address: missing: want where to send to":       {"address": "", "listen": ":5005"},
		`address: "10.0.0.20": missing port in address`: {"address": "10.0.0.20"},
		`unknown option`:                                {"frame": map[string]any{"end": "\n"}},
	} {
		if err := typ.Check(configured(t, plug, changed)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %s", changed, err, says)
		}
	}
	list, err := config.ParseDevices(typ.Example)
	if err != nil {
		t.Fatal(err)
	}
	if err := typ.Check(list[0].Params); err != nil {
		t.Errorf("the example of the type: %v", err)
	}
}
