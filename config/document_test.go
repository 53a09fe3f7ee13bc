package config

import "testing"

func TestDocument(t *testing.T) {
	got := Document([]Setting{
		{"gateway.name", "gw"}, {"mqtt.broker", "tcp://b:1883"}, {"mqtt.reconnect.min", "1s"},
		{"devices[0].name", "lamp"}, {"devices[0].address.function", `""`}, {"devices[0].address.location", "Kitchen"}, {"devices[0].params.port", "none"},
		{"devices[1].name", "boiler"}, {"devices[1].type", "modbus"}, {"log.level", "info"},
	})
	const want = `gateway:
  name: gw
mqtt:
  broker: tcp://b:1883
  reconnect:
    min: 1s
devices:
- name: lamp
  address:
    location: Kitchen
  params:
    port: none
- name: boiler
  type: modbus
log:
  level: info
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
