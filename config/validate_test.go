package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown key", "mqtt: {brokr: x}", "mqtt.brokr: unknown option; did you mean mqtt.broker?"},
		{"unknown section", "mqqt: {}", "mqqt: unknown option; did you mean mqtt?"},
		{"unknown key of a device", "devices: [{name: a, type: b, parms: {}}]", "devices[0].parms: unknown option; did you mean devices[0].params?"},
		{"key as written", "MQTT: {QoS: 3}", "MQTT.QoS: 3 is out of range: want 0 to 2"},
		{"wrong type", "mqtt: {qos: high}", `mqtt.qos: want a whole number, have "high"`},
		{"section of the wrong type", "mqtt: 5", `mqtt: want a section with options below it, have a number`},
		{"name", "gateway: {name: a/b}", `gateway.name: "a/b": holds '/', which no level of a topic can`},
		{"name with a control character", `gateway: {name: "a\0"}`, `gateway.name: "a\x00": holds the control character U+0000`},
		{"grace", "gateway: {grace: 0}", `gateway.grace: 0s is out of range: want 100ms to 1h`},
		{"start_wait", "gateway: {start_wait: -1s}", `gateway.start_wait: -1s is out of range: want 0s to 1h`},
		{"no broker", `mqtt: {broker: ""}`, `mqtt.broker: "" is no broker address: want tcp, ssl, ws or wss://host:port, unix:///path, or embedded`},
		{"bare host", `mqtt: {broker: "localhost:1883"}`, `mqtt.broker: "localhost:1883" is no broker address: want tcp, ssl, ws or wss://host:port, unix:///path, or embedded`},
		{"scheme of other clients", `mqtt: {broker: "mqtt://h:1883"}`, `mqtt.broker: "mqtt://h:1883": want tcp instead of mqtt`},
		{"encrypted scheme of other clients", `mqtt: {broker: "mqtts://h:1883"}`, `mqtt.broker: "mqtts://h:1883": want ssl instead of mqtts`},
		{"unknown scheme", `mqtt: {broker: "http://h:1"}`, `mqtt.broker: "http://h:1": unknown scheme "http": want tcp, ssl, ws or wss://host:port, or unix:///path`},
		{"no port", `mqtt: {broker: "ssl://h"}`, `mqtt.broker: "ssl://h" has no port: want ssl://h:8883, say`},
		{"no host", `mqtt: {broker: "tcp://:1883"}`, `mqtt.broker: "tcp://:1883": no host: want tcp, ssl, ws or wss://host:port, or unix:///path`},
		{"port out of range", `mqtt: {broker: "tcp://h:70000"}`, `mqtt.broker: "tcp://h:70000": port 70000 is out of range: want 1 to 65535`},
		{"no path", `mqtt: {broker: "unix://"}`, `mqtt.broker: "unix://": no path: want unix:///path`},
		{"password in the address", `mqtt: {broker: "tcp://me:swordfish@h:1883"}`, `mqtt.broker: a user in the address: want mqtt.username and mqtt.password_file instead`},
		{"password in a bad address", `mqtt: {broker: "tcp://me:swordfish@h :1883"}`, `mqtt.broker: "tcp://******@h :1883": no URL: want tcp, ssl, ws or wss://host:port, or unix:///path`},
		{"token in a fragment", `mqtt: {broker: "ws://h/mqtt#token=swordfish"}`, `mqtt.broker: "ws://h/mqtt#******": a fragment (#) is of no use`},
		{"path", `mqtt: {broker: "tcp://h:1883/mqtt"}`, `mqtt.broker: "tcp://h:1883/mqtt": a path or query is of no use with tcp: want tcp://host:port`},
		{"IPv6 without brackets", `mqtt: {broker: "tcp://fe80::1:1883"}`, `mqtt.broker: "tcp://fe80::1:1883": a host with a colon: want an IPv6 address in brackets, [::1], and no port in a host`},
		{"keepalive in fractions", "mqtt: {keepalive: 1500ms}", `mqtt.keepalive: 1.5s: want whole seconds`},
		{"keepalive too long", "mqtt: {keepalive: 19h}", `mqtt.keepalive: 19h is out of range: want 1s to 65535s, or 0: none, and a dead link is noticed only by what gets no answer`},
		{"admin", "mqtt: {admin: true, availability: false}",
			`mqtt.admin: true: want mqtt.availability true, too, for without it nothing below $gateway concerns the gateway`},
		{"lag", "mqtt: {lag: 20s}", `mqtt.lag: 20s: want less than mqtt.connect_timeout, 10s`},
		{"back-off", "mqtt: {reconnect: {min: 2m, max: 1m}}", `mqtt.reconnect.min: 120s: want at most mqtt.reconnect.max, 60s`},
		{"transport", "mqtt: {transport: Direct}", `mqtt.transport: "Direct": want paho or direct`},
		{"packet", "mqtt: {max_packet: 1GB}", `mqtt.max_packet: 1GB is out of range: want 1KB to 256MB`},
		{"size", "mqtt: {outbox: {size: many}}", `mqtt.outbox.size: want a size such as 50MB, 64KB or 4096, have "many"`},
		{"outbox", "mqtt: {outbox: {messages: 0}}", `mqtt.outbox.messages: 0 is out of range: want 1 to 10000000`},
		{"password without user", "mqtt: {password: swordfish}", `mqtt.username: missing: MQTT knows no password without one`},
		{"two passwords", "mqtt: {username: me, password: x, password_file: password}", `mqtt.password_file: there is mqtt.password too: want one of the two`},
		{"password as a number", "mqtt: {username: me, password: 123}", `mqtt.password: want text: put it in quotes`},
		{"client id", `mqtt: {client_id: "a\nb"}`, `mqtt.client_id: "a\nb": holds the control character U+000A`},
		{"long user name", "mqtt: {username: " + strings.Repeat("x", 65536) + "}", `mqtt.username: "` + strings.Repeat("x", 100) + `": has 65536 bytes: want 16000 at most`},
		{"user name in Latin-1", "mqtt: {username: !!binary /w==}", `mqtt.username: "\xff": is not UTF-8`},
		{"certificate without key", "mqtt: {broker: 'ssl://h:1', tls: {cert_file: ca.pem}}", `mqtt.tls.cert_file: want mqtt.tls.key_file too`},
		{"certificates without TLS", "mqtt: {tls: {ca_file: ca.pem}}", `mqtt.tls.ca_file: of no use with a broker at tcp://127.0.0.1:1883: want ssl:// or wss://`},
		{"map and root", "mapping: {file: map.json, root: home}", `mapping.file: a map file brings its own root and topics: want no mapping.root beside it`},
		{"map and topics", "mapping: {file: map.json, topics: [a]}", `mapping.file: a map file brings its own root and topics: want no mapping.topics beside it`},
		{"root", "mapping: {root: home/+, topics: [a]}", `mapping.root: "home/+": holds '+', which no level of a topic can`},
		{"filter", "mapping: {topics: [a/#, a/#/b]}", `mapping.topics[1]: "a/#/b": # must be the last level`},
		{"half a level", "mapping: {topics: [a/b+]}", `mapping.topics[0]: "a/b+": level "b+": a wildcard stands alone in its level`},
		{"empty filter", `mapping: {topics: [""]}`, `mapping.topics[0]: "": is empty`},
		{"shared by nobody", `mapping: {topics: [$share//a]}`, `mapping.topics[0]: "$share//a": want $share/GROUP/FILTER`},
		{"device without name", "devices: [{type: x}]", `devices[0].name: missing: want a string, such as lamp`},
		{"device with a topic for a name", "devices: [{name: a+, type: x}]", `devices[0].name: "a+": holds '+', which no level of a topic can`},
		{"device with a folder for a name", "devices: [{name: .., type: x}]", `devices[0].name: "..": means a folder in an address: want another name`},
		{"device with a topic of the gateway for a name", "devices: [{name: state, type: x}]", `devices[0].name: "state": is a topic of the gateway's own: want another name`},
		{"two of a name", "devices: [{name: a, type: x}, {name: b, type: x}, {name: a, type: y}]", `devices[2].name: devices[0] is called "a" already`},
		{"no type", `devices: [{name: a, type: ""}]`, `devices[0].type: empty: want one of those that the command "devices" lists`},
		{"mailbox", "devices: [{name: a, type: x, mailbox: 0}]", `devices[0].mailbox: 0 is out of range: want 1 to 1000000`},
		{"timeout", "devices: [{name: a, type: x, timeout: 0}]", `devices[0].timeout: 0s is out of range: want 10ms to 24h`},
		{"back-off upside down", `devices: [{name: a, type: x, retry: {min: 2m}}]`, `devices[0].retry.min: 120s: want at most the retry.max beside it, 60s`},
		{"back-off", `devices: [{name: a, type: x, retry: {max: 1ms}}]`, `devices[0].retry.max: 1ms is out of range: want 10ms to 24h`},
		{"empty word", `devices: [{name: a, type: x, answers_to: {location: [a, ""]}}]`, `devices[0].answers_to.location[1]: empty: leave devices[0].answers_to.location out to answer to everything`},
		{"level", "log: {level: loud}", `log.level: want debug, info, warn, error or none, have "loud"`},
		{"format", "log: {format: xml}", `log.format: "xml": want auto, text or json`},
		{"files", "log: {file: {max_files: -1}}", `log.file.max_files: -1 is out of range: want 0 to 10000`},
		{"mail port", "log: {email: {port: 0}}", `log.email.port: 0 is out of range: want 1 to 65535`},
		{"mail from nobody", "log: {email: {host: h, to: [a@b]}}", `log.email.from: missing: host, from and to are needed together`},
		{"mail to nobody", "log: {email: {host: h, from: a@b}}", `log.email.to: missing: host, from and to are needed together`},
		{"mail by nobody", "log: {email: {from: a@b, to: [a@b]}}", `log.email.host: missing: host, from and to are needed together`},
		{"mail address", "log: {email: {host: h, from: a@b, to: [c]}}", `log.email.to[0]: "c" is no mail address: want one such as me@example.com`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadYAML(t, tt.yaml)
			if err == nil || unplaced(err) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "swordfish") {
				t.Error("the password is shown")
			}
		})
	}
}

func TestGoodValues(t *testing.T) {
	for _, yaml := range []string{
		"", "mqtt:", "mqtt: {broker: embedded}", "mqtt: {broker: 'ws://h/mqtt'}", "mqtt: {broker: 'wss://h:443/x'}", "mqtt: {broker: 'unix:///run/m.sock'}",
		"mqtt: {broker: 'tcp://[::1]:1883'}", "mqtt: {broker: 'tcp://[fe80::1%25eth0]:1883'}", "mqtt: {broker: 'ssl://[fe80::1%eth0]:1883'}", "mqtt: {username: me}", "mqtt: {username: me, password: x}", "mqtt: {keepalive: 65535s, qos: 2}", "mqtt: {keepalive: 0}",
		"mapping: {root: a/b, topics: [a/b/#, +/c, '#', '$share/g/a/#']}", "gateway: {start_wait: 0}", "gateway: {name: Küche 1}",
		"log: {level: WARNING, file: {max_files: 0, max_size: 4096}, email: {level: none}}",
	} {
		if _, err := loadYAML(t, yaml); err != nil {
			t.Errorf("%s: %v", yaml, err)
		}
	}
}

// One run tells everything, each under the name of the source that the value came from.
func TestAllFaultsAtOnce(t *testing.T) {
	dir := write(t, map[string]string{"gw.yaml": "mqtt: {qos: 9, lagg: 1, password_file: none}\nmapping: {file: no.json}\nlog: {level: x}\n"})
	_, err := Load(Sources{
		Path:    filepath.Join(dir, "gw.yaml"),
		WorkDir: dir,
		Environ: []string{"MQTTGATEWAY_MQTT_KEEPALIVE=60", "MQTTGATEWAY_MAPPING_ROOT=+"},
		Flags:   map[string]string{"mqtt.broker": "x", "log.throttle": "0", "nonsense": ""},
	})
	gw := filepath.Join(dir, "gw.yaml")
	want := []string{
		gw + ":1:16: mqtt.lagg: unknown option; did you mean mqtt.lag?",
		"--nonsense: no such option",
		"MQTTGATEWAY_MQTT_KEEPALIVE: 60 has no unit: want a duration such as 30s or 500ms",
		gw + ":1:8: mqtt.qos: 9 is out of range: want 0 to 2",
		gw + `:3:7: log.level: want debug, info, warn, error or none, have "x"`,
		"--log.throttle: 0s is out of range: want 100ms to 24h",
		gw + ":2:11: mapping.file: there is no file " + filepath.Join(dir, "no.json"),
		gw + ":1:25: mqtt.password_file: there is no file " + filepath.Join(dir, "none"),
		`--mqtt.broker: "x" is no broker address: want tcp, ssl, ws or wss://host:port, unix:///path, or embedded`,
		gw + ":2:11: mapping.file: a map file brings its own root and topics: want no MQTTGATEWAY_MAPPING_ROOT beside it",
		`MQTTGATEWAY_MAPPING_ROOT: "+": holds '+', which no level of a topic can`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}
