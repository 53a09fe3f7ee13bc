package command

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

func TestWhatToTry(t *testing.T) {
	const topics = "-v -t 'testmqttgtw/#'"
	example := trial{root: "testmqttgtw", example: true}
	at := func(broker string, m config.MQTT) trial {
		x := example
		x.broker, x.mqtt = broker, m
		return x
	}
	tests := map[string]struct {
		trial trial
		want  []string
		not   string
	}{
		"a port": {at("tcp://127.0.0.1:2883", config.MQTT{}), []string{
			"on the broker at tcp://127.0.0.1:2883.\n",
			"\n  mosquitto_sub -h 127.0.0.1 -p 2883 " + topics + "\n",
			"\n  mosquitto_pub -h 127.0.0.1 -p 2883 -t 'testmqttgtw/lighting/dummy/kitchen/spot/me/C' -m light_on\n",
		}, "PASSWORD"},
		"IPv6":                      {at("tcp://[::1]:1883", config.MQTT{}), []string{"mosquitto_sub -h ::1 -p 1883 " + topics}, ""},
		"socket":                    {at("unix:///run/my broker.sock", config.MQTT{}), []string{"mosquitto_sub --unix '/run/my broker.sock' " + topics}, "-h "},
		"socket by a relative path": {at("unix://run/m.sock", config.MQTT{}), []string{"mosquitto_pub --unix run/m.sock -t"}, ""},
		"user with a password": {
			at("tcp://h:1883", config.MQTT{Username: "it's me", Password: "swordfish"}),
			[]string{`mosquitto_sub -h h -p 1883 -u 'it'\''s me' -P "$PASSWORD" ` + topics, `mosquitto_pub -h h -p 1883 -u 'it'\''s me' -P "$PASSWORD" -t`},
			"swordfish",
		},
		"TLS": {at("ssl://h:8883", config.MQTT{}), []string{"mosquitto_sub -h h -p 8883 --tls-use-os-certs " + topics}, ""},
		"TLS with files": {
			at("ssl://h:8883", config.MQTT{TLS: config.TLS{CAFile: "/ca.pem", CertFile: "/c.pem", KeyFile: "/k.pem"}}),
			[]string{"mosquitto_sub -h h -p 8883 --cafile /ca.pem --cert /c.pem --key /k.pem " + topics}, "os-certs",
		},
		"WebSocket":              {at("ws://h:80/mqtt", config.MQTT{}), []string{"on the broker at ws://h:80/mqtt.\n", "subscribe to  testmqttgtw/#\n", "publish to    testmqttgtw/lighting/dummy/kitchen/spot/me/C  light_on\n"}, "mosquitto"},
		"WebSocket with a token": {at("wss://h/mqtt?token=swordfish", config.MQTT{}), []string{"wss://h/mqtt?******"}, "swordfish"},
		"another map": {
			trial{broker: "tcp://h:1883", root: "my home"}, []string{"mosquitto_sub -h h -p 1883 -v -t 'my home/#'\n"}, "mosquitto_pub",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			if err := tt.trial.say(&said); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(said.String(), want) {
					t.Errorf("lacks %q", want)
				}
			}
			if tt.not != "" && strings.Contains(said.String(), tt.not) {
				t.Errorf("has %q", tt.not)
			}
			if t.Failed() {
				t.Log(said.String())
			}
		})
	}
	if err := example.say(broken{}); err == nil {
		t.Error("an output that takes nothing is no error")
	}
}
